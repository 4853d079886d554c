import { covers, isMatch, overlaps } from '@antiphon/core/topic'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addTopicSpace,
  mayPublish,
  maySubscribe,
  parseTemplate,
  substitute,
  topicSpace,
  widestFilter,
  type TopicSpaceType,
} from '../src/index.js'
import { unlockSpaces } from './unlock-spaces.js'

const space = (name: string, type: TopicSpaceType, ...templates: readonly string[]) =>
  topicSpace({ name, type, templates })
const refused = (why: string): unknown =>
  expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(why) as unknown })

describe('a template', () => {
  it.each([
    ['vehicles/${principal.deviceid}/GPS/#', 'vehicles/car1/GPS/#'],
    ['vehicles/${Principal.DeviceId}/GPS', 'vehicles/car1/GPS'],
    ['vehicles/id-${PRINCIPAL.DEVICEID}-x/+', 'vehicles/id-car1-x/+'],
    ['vehicles/${principal.deviceid|.factory}', 'vehicles/car1.factory'],
    ['${dollar}az/${Dollar}/x', '$az/$/x'],
    ['fleet/alerts/#', 'fleet/alerts/#'],
  ])('substitutes car1 in the template %s: %s', (text, filter) => {
    expect(substitute(parseTemplate(text), 'car1')).toBe(filter)
  })

  it.each([
    ['', ''],
    ['a/#/b', ''],
    ['a/b+', ''],
    ['a/$b', '$ outside a variable'],
    ['a/${principal.deviceid', '$ outside a variable'],
    ['a/${device}', 'is not a variable'],
    ['a/${principal/deviceid}', 'is not a variable'],
    ['a/${principal.deviceid|./x}', 'without / + # $ |'],
    ['a/${principal.deviceid|x}', 'must be a dot followed by text'],
    ['a/#${principal.deviceid}', ''],
    ['${dollar}share/g/x', 'shared subscriptions are not supported'],
  ])('rejects the template %j', (text, why) => {
    expect(() => parseTemplate(text)).toThrow(refused(why))
  })

  it.each(['a/b', '+', '#', 'a+b', 'x#', '', 'a\u0000b'])(
    'gives no rights to a device id that would change the filter: %j',
    (deviceId) => {
      expect(substitute(parseTemplate('vehicles/${principal.deviceid}/#'), deviceId)).toBeUndefined()
      expect(substitute(parseTemplate('fleet/alerts'), deviceId)).toBe('fleet/alerts')
    },
  )

  it('gives no rights to a device id whose $ would begin the filter', () => {
    expect(substitute(parseTemplate('${principal.deviceid}/x'), '$SYS')).toBeUndefined()
    expect(substitute(parseTemplate('a/${principal.deviceid}'), '$SYS')).toBe('a/$SYS')
  })

  it('covers every substituted template with its widest filter', () => {
    const level = fc.constantFrom(
      'a',
      'b',
      '+',
      '${principal.deviceid}',
      'x${principal.deviceid}',
      '${dollar}c',
    )
    const templates = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, isTree]) => [...levels, ...(isTree ? ['#'] : [])].join('/'))
    const id = fc.string({ unit: fc.constantFrom('a', 'b', '/', '+', '#', '$', '.') })
    fc.assert(
      fc.property(templates, id, (text, deviceId) => {
        const template = parseTemplate(text)
        const filter = substitute(template, deviceId)
        if (filter === undefined) return
        expect(covers(widestFilter(template), filter)).toBe(true)
        expect(filter.split('/')).toHaveLength(template.levels.length)
      }),
    )
  })
})

describe('topic spaces', () => {
  it.each([
    ['', 'PublishOnly', ['a'], 'its name'],
    ['s', 'Wide', ['a'], 'its type'],
    ['s', 'PublishOnly', [], '0 templates'],
    ['s', 'PublishOnly', ['a', 'b', 'c', 'd', 'e', 'f'], '6 templates'],
  ] as const)(
    'rejects a topic space with an invalid name, type or number of templates: %j %s %j',
    (name, type, templates, why) => {
      expect(() => topicSpace({ name, type: type as TopicSpaceType, templates })).toThrow(refused(why))
    },
  )

  it('replaces the templates of a topic space of the same name, and keeps its type', () => {
    const spaces = [space('s0', 'LowFanout', 'a'), space('s1', 'LowFanout', 'b')]
    const updated = addTopicSpace(spaces, space('s0', 'LowFanout', 'a/#'))
    expect(updated.map(({ name, templates }) => [name, templates])).toEqual([
      ['s0', ['a/#']],
      ['s1', ['b']],
    ])
    expect(() => addTopicSpace(spaces, space('s0', 'PublishOnly', 'a'))).toThrow(
      refused('its type is LowFanout and stays so'),
    )
    expect(() => addTopicSpace(spaces, space('s0', 'LowFanout', 'b'))).toThrow(refused('overlaps'))
  })

  it('allows at most 10 topic spaces, which can still be updated', () => {
    let spaces = addTopicSpace([], space('s0', 'PublishOnly', 'a'))
    for (let n = 1; n < 10; n++) spaces = addTopicSpace(spaces, space(`s${n}`, 'PublishOnly', 'a'))
    expect(() => addTopicSpace(spaces, space('s10', 'PublishOnly', 'a'))).toThrow(refused('10 already'))
    expect(addTopicSpace(spaces, space('s9', 'PublishOnly', 'b'))).toHaveLength(10)
  })

  it.each(['vehicles/+/telemetry/#', 'vehicles/${principal.deviceId}/telemetry/#', '#'])(
    'rejects a template that overlaps vehicles/v1/telemetry/# of another space: %s',
    (template) => {
      const first = [space('a', 'LowFanout', 'vehicles/v1/telemetry/#')]
      expect(() => addTopicSpace(first, space('b', 'LowFanout', 'x/y', template))).toThrow(
        refused('overlaps'),
      )
    },
  )

  it('allows a PublishOnly space to overlap other spaces', () => {
    const first = [space('a', 'LowFanout', 'vehicles/#')]
    expect(addTopicSpace(first, space('b', 'PublishOnly', 'vehicles/#'))).toHaveLength(2)
    expect(addTopicSpace([space('b', 'PublishOnly', '#')], space('a', 'HighFanout', '#'))).toHaveLength(2)
  })

  it.each([
    ['mobile1', 'req/car1/mobile1', true],
    ['mobile1', 'req/car1/mobile2', false],
    ['mobile1', 'res/x/car1', false],
    ['car1', 'res/mobile1/car1', true],
    ['car1', 'res/mobile1/car2', false],
  ])('mayPublish for %s to %s: %s', (deviceId, topic, isAllowed) => {
    expect(mayPublish(unlockSpaces, deviceId, `vehicles/unlock/${topic}`)).toBe(isAllowed)
  })

  it.each([
    ['mobile1', 'res/mobile1/#', true],
    ['mobile1', 'res/mobile1/car1', true],
    ['mobile1', 'res/+/#', false],
    ['mobile1', 'res/mobile2/#', false],
    ['car1', 'req/car1/#', true],
    ['car1', 'req/#', false],
  ])('maySubscribe for %s to %s: %s', (deviceId, filter, isAllowed) => {
    expect(maySubscribe(unlockSpaces, deviceId, `vehicles/unlock/${filter}`)).toBe(isAllowed)
  })

  it('grants rights for fan-out and fan-in', () => {
    const spaces = [
      space('alerts', 'LowFanout', 'fleet/alerts/#'),
      space('positions', 'PublishOnly', 'vehicles/${principal.deviceid}/GPS/#'),
      space('map', 'LowFanout', 'vehicles/+/GPS/#'),
    ].reduce(addTopicSpace, [] as ReturnType<typeof addTopicSpace>)
    expect(maySubscribe(spaces, 'car1', 'fleet/alerts/#')).toBe(true)
    expect(maySubscribe(spaces, 'map', 'vehicles/+/GPS/#')).toBe(true)
    expect(mayPublish(spaces, 'car1', 'vehicles/car1/GPS/lat')).toBe(true)
    expect(mayPublish(spaces.slice(0, 2), 'car1', 'vehicles/car2/GPS/lat')).toBe(false)
    // The map's template allows publishing too: a template of any type does.
    expect(mayPublish(spaces, 'car1', 'vehicles/car2/GPS/lat')).toBe(true)
  })

  it('grants only filters whose topics are in a template, and none from a PublishOnly space', () => {
    const level = fc.constantFrom('a', 'b', 'car1', '+')
    const filter = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, isTree]) => [...levels, ...(isTree ? ['#'] : [])].join('/'))
    const topic = fc.array(fc.constantFrom('a', 'b', 'car1', 'c'), { minLength: 1, maxLength: 4 })
    const spaces = [space('s', 'LowFanout', 'a/+/${principal.deviceid}/#', '${principal.deviceid}/b')]
    fc.assert(
      fc.property(filter, topic, (subscribed, levels) => {
        const name = levels.join('/')
        if (!maySubscribe(spaces, 'car1', subscribed) || !isMatch(subscribed, name)) return
        expect(mayPublish(spaces, 'car1', name)).toBe(true)
        expect(maySubscribe([space('p', 'PublishOnly', '#')], 'car1', subscribed)).toBe(false)
      }),
    )
  })

  it('lets no topic match two spaces for subscribing that were added without a conflict', () => {
    const template = fc
      .array(fc.constantFrom('a', 'b', '+', '${principal.deviceid}', 'a${principal.deviceid}'), {
        minLength: 1,
        maxLength: 3,
      })
      .map((levels) => levels.join('/'))
    const id = fc.constantFrom('a', 'b', 'aa')
    fc.assert(
      fc.property(template, template, id, id, (one, other, first, second) => {
        const spaces = [space('one', 'LowFanout', one)]
        try {
          addTopicSpace(spaces, space('other', 'LowFanout', other))
        } catch {
          return
        }
        const [a, b] = [substitute(parseTemplate(one), first), substitute(parseTemplate(other), second)]
        expect(a !== undefined && b !== undefined && overlaps(a, b)).toBe(false)
      }),
    )
  })
})
