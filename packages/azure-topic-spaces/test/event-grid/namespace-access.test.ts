import { describe, expect, it } from 'vitest'
import {
  ALL_CLIENTS,
  rightsOf,
  type NamespaceAccess,
  type NamespaceClient,
} from '../../src/event-grid/index.js'
import { createNamespace } from '../../src/event-grid/namespace/index.js'
import { addUnlockAccess } from './unlock-namespace.js'

const car: NamespaceClient = { name: 'car1', attributes: { type: 'car', area: 'north', tags: ['a'] } }
const phone: NamespaceClient = { name: 'mobile1', attributes: { type: 'phone' } }

function unlockAccess(): NamespaceAccess {
  const { clientGroups, topicSpaces, permissionBindings } = ((namespace) => {
    addUnlockAccess(namespace)
    return namespace
  })(createNamespace())
  return {
    clientGroups: clientGroups.list(),
    topicSpaces: topicSpaces.list(),
    permissionBindings: permissionBindings.list(),
  }
}

/** Grants all clients to publish and to subscribe to templates. */
function granted(...topicTemplates: readonly string[]): NamespaceAccess {
  const binding = { clientGroupName: ALL_CLIENTS, topicSpaceName: 'all' }
  return {
    clientGroups: [],
    topicSpaces: [{ name: 'all', topicTemplates }],
    permissionBindings: [
      { ...binding, name: 'all-pub', permission: 'Publisher' },
      { ...binding, name: 'all-sub', permission: 'Subscriber' },
    ],
  }
}

describe('rightsOf', () => {
  it('grants the unlock story to cars and phones by their groups, each for its own name', () => {
    const access = unlockAccess()
    const [ofCar, ofPhone] = [rightsOf(car, access), rightsOf(phone, access)]
    expect(
      ['req/car1/mobile1', 'req/car1/mobile2', 'res/x/car1'].map((topic) =>
        ofPhone.mayPublish(`vehicles/unlock/${topic}`),
      ),
    ).toEqual([true, false, false])
    expect(
      ['res/mobile1/#', 'res/mobile1/car1', 'res/+/#', 'res/mobile2/#', 'req/mobile1/#'].map((filter) =>
        ofPhone.maySubscribe(`vehicles/unlock/${filter}`),
      ),
    ).toEqual([true, true, false, false, false])
    expect(
      ['res/mobile1/car1', 'res/mobile1/car2', 'req/x/car1'].map((topic) =>
        ofCar.mayPublish(`vehicles/unlock/${topic}`),
      ),
    ).toEqual([true, false, false])
    expect(ofCar.maySubscribe('vehicles/unlock/req/car1/#')).toBe(true)
    expect([ofCar, ofPhone].map(({ mayReceive }) => mayReceive('vehicles/unlock/req/car1/mobile1'))).toEqual([
      true,
      false,
    ])
  })

  it.each<[string, string, boolean]>([
    ['area/${client.attributes.area}/t', 'area/north/t', true],
    ['area/${client.attributes.area}/t', 'area/south/t', false],
    ['area/${client.attributes.absent}/t', 'area//t', false],
    ['area/${client.attributes.tags}/t', 'area/a/t', false],
    ['machines/${client.authenticationName|.factory1}/temp', 'machines/car1.factory1/temp', true],
    ['${dollar}x/${CLIENT.AUTHENTICATIONNAME}', '$x/car1', true],
    ['a/#', 'a', true],
  ])('with the template %s, publishing to %s is allowed: %s', (template, topic, expected) => {
    const { mayPublish, mayReceive } = rightsOf(car, granted(template))
    expect([mayPublish(topic), mayReceive(topic)]).toEqual([expected, expected])
  })

  it('grants nothing for names that would widen a template, and for invalid topics and filters', () => {
    const access = granted('a/${client.authenticationName}')
    for (const name of ['+', '#', 'b/c']) {
      const rights = rightsOf({ name: 'x', authenticationName: name }, access)
      expect([rights.mayPublish('a/b'), rights.maySubscribe('a/b'), rights.mayReceive('a/b')]).toEqual([
        false,
        false,
        false,
      ])
    }
    const { mayPublish, maySubscribe } = rightsOf(car, granted('#'))
    expect([mayPublish('a/+'), maySubscribe('a/#/b'), mayPublish('a'), maySubscribe('a/#')]).toEqual([
      false,
      false,
      true,
      true,
    ])
  })
})

describe('the resources of a namespace', () => {
  it.each<[string, (namespace: ReturnType<typeof createNamespace>) => unknown]>([
    ['its name must be 1 to 128', ({ clients }) => clients.create({ name: 'a b' })],
    ['authentication name must be 1', ({ clients }) => clients.create({ name: 'a', authenticationName: '' })],
    ['the attribute "a b"', ({ clients }) => clients.create({ name: 'a', attributes: { 'a b': 'x' } })],
    ['a whole number', ({ clients }) => clients.create({ name: 'a', attributes: { a: 1.5 } })],
    [
      'it has 0 thumbprints',
      ({ clients }) => clients.create({ name: 'a', validationScheme: 'ThumbprintMatch' }),
    ],
    ['need the validationScheme', ({ clients }) => clients.create({ name: 'a', allowedThumbprints: ['ff'] })],
    [
      '3 to 50 letters',
      ({ clientGroups }) => clientGroups.create({ name: 'a', query: 'authenticationName = "a"' }),
    ],
    ['invalid query', ({ clientGroups }) => clientGroups.create({ name: 'abc', query: 'x' })],
    ['it has 0 templates', ({ topicSpaces }) => topicSpaces.create({ name: 'abc', topicTemplates: [] })],
    [
      'is not a variable',
      ({ topicSpaces }) => topicSpaces.create({ name: 'abc', topicTemplates: ['${principal.deviceid}'] }),
    ],
    [
      'there is no client group "cars"',
      ({ permissionBindings }) =>
        permissionBindings.create({
          name: 'abc',
          clientGroupName: 'cars',
          topicSpaceName: 'all',
          permission: 'Publisher',
        }),
    ],
    [
      'there is no topic space "none"',
      ({ permissionBindings }) =>
        permissionBindings.create({
          name: 'abc',
          clientGroupName: ALL_CLIENTS,
          topicSpaceName: 'none',
          permission: 'Publisher',
        }),
    ],
    [
      'must be Publisher or Subscriber',
      ({ permissionBindings, topicSpaces }) => {
        topicSpaces.create({ name: 'all', topicTemplates: ['#'] })
        permissionBindings.create({
          name: 'abc',
          clientGroupName: ALL_CLIENTS,
          topicSpaceName: 'all',
          permission: 'Owner' as 'Publisher',
        })
      },
    ],
    ['there is no client of that name', ({ clients }) => clients.delete('a')],
    [
      'there are 10 already',
      ({ topicSpaces }) => {
        for (let n = 0; n <= 10; n++) topicSpaces.create({ name: `space-${n}`, topicTemplates: ['a'] })
      },
    ],
  ])('are rejected with the rule: %s', (rule, create) => {
    const namespace = createNamespace()
    expect(() => create(namespace)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => create(createNamespace())).toThrow(rule)
  })

  it('are created, updated, listed and deleted', () => {
    const { topicSpaces } = createNamespace()
    topicSpaces.create({ name: 'all', topicTemplates: ['a'] })
    topicSpaces.create({ name: 'all', topicTemplates: ['b'] })
    expect([topicSpaces.list().length, topicSpaces.get('all')?.topicTemplates]).toEqual([1, ['b']])
    topicSpaces.delete('all')
    expect(topicSpaces.list()).toEqual([])
  })

  it('are created with options within their range only', () => {
    expect(() => createNamespace({ maximumSessionExpiryInHours: 9 })).toThrow(
      'maximumSessionExpiryInHours is 9',
    )
    expect(() => createNamespace({ maximumClientSessionsPerAuthenticationName: 0 })).toThrow('is 0')
  })
})
