import { NEVER, Observable, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Authority } from '../../src/authority/authority.js'
import type { BrokerEvent } from '../../src/events.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, World } from '../world.js'

const publish: AnyPacket = { cmd: 'publish', topic: 't', payload: 'x', qos: 1, messageId: 1 }
const subscribe: AnyPacket = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] }
const unsubscribe: AnyPacket = { cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t'] }

/** Returns the hooks that have failed, with their clients and errors. */
const failures = (world: World): string[] =>
  world.events
    .filter((event): event is BrokerEvent & { type: 'hook-failed' } => event.type === 'hook-failed')
    .map(({ hook, clientId, error }) => `${hook} of ${clientId}: ${error.message}`)

describe('a hook whose result is invalid', () => {
  it.each<[string, unknown, string]>([
    ['admit: 1', { admit: 1 }, 'verdict.admit is 1: it must be true or false'],
    ['admit: "yes"', { admit: 'yes' }, 'verdict.admit is "yes": it must be true or false'],
    ['admit: {}', { admit: {} }, 'verdict.admit is an object: it must be true or false'],
    ['an empty object', {}, 'verdict.admit is missing'],
    ['true', true, 'verdict is true: it must be an object with admit or challenge'],
    ['undefined', undefined, 'verdict is null: it must be an object with admit or challenge'],
    ['no reason code', { admit: false }, 'verdict.reasonCode is missing'],
    ['expiresAt: "1"', { admit: true, expiresAt: '1' }, 'verdict.expiresAt is "1": it must be a number'],
    [
      'expiresAt: NaN',
      { admit: true, expiresAt: Number.NaN },
      'verdict.expiresAt is NaN: it must be a number',
    ],
    ['a text challenge', { challenge: 'x' }, 'verdict.challenge is "x": it must be a Uint8Array'],
    [
      'a text as data',
      { admit: true, authenticationData: 'x' },
      'verdict.authenticationData is "x": it must be a Uint8Array',
    ],
  ])('does not admit a client: %s', async (_, verdict, violation) => {
    for (const result of [verdict, Promise.resolve(verdict)]) {
      const world = makeWorld({ authority: { authenticate: () => result as never } })
      const client = world.join('a')
      await world.settle()
      expect(client.take()).toMatchObject([{ cmd: 'connack', reasonCode: 0x80 }])
      const text = `[invalid-argument] the hook authenticate returned an invalid result: ${violation}`
      expect(failures(world)).toEqual([expect.stringContaining(`authenticate of a: ${text}`)])
      expect(world.broker.sessions()).toEqual([])
    }
  })

  it('admits a client with properties of its own in the verdict', () => {
    const world = makeWorld({ authority: { authenticate: () => ({ admit: true, expiresAt: 5, user: 1 }) } })
    expect(world.join('a').first()).toMatchObject({ reasonCode: 0 })
    expect(failures(world)).toEqual([])
  })

  it.each<[string, unknown]>([
    ['true', true],
    ['"yes"', 'yes'],
    ['{ refuse: true }', { refuse: true }],
    ['{ close: "0x87" }', { close: '0x87' }],
    ['{}', {}],
    ['{ take: "x" }', { take: 'x' }],
  ])('refuses a message with 0x83 and keeps the connection: authorizePublish returns %s', (_, verdict) => {
    const world = makeWorld({ authority: { authorizePublish: () => verdict as never } })
    const client = world.join('a')
    client.send(publish)
    expect(client.take()).toMatchObject([{ cmd: 'connack' }, { cmd: 'puback', reasonCode: 0x83 }])
    expect(failures(world)).toEqual([expect.stringContaining('authorizePublish of a: [invalid-argument]')])
  })

  it.each<[string, unknown]>([
    ['true', true],
    ['{ maximumQoS: "1" }', { maximumQoS: '1' }],
    ['{ maximumQoS: 3 }', { maximumQoS: 3 }],
    ['{ refuse: "x" }', { refuse: 'x' }],
  ])('refuses a Topic Filter with 0x83: authorizeSubscribe returns %s', (_, verdict) => {
    const world = makeWorld({ authority: { authorizeSubscribe: () => verdict as never } })
    const client = world.join('a')
    client.send(subscribe)
    expect(client.take()).toMatchObject([{ cmd: 'connack' }, { cmd: 'suback', granted: [0x83] }])
    expect(failures(world)).toEqual([expect.stringContaining('authorizeSubscribe of a: [invalid-argument]')])
  })

  it.each<[string, unknown]>([
    ['true', true],
    ['{ refuse: "x" }', { refuse: 'x' }],
  ])('keeps a subscription with 0x83: authorizeUnsubscribe returns %s', (_, verdict) => {
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => verdict as never } })
    const client = world.join('a')
    client.send(subscribe)
    client.take()
    client.send(unsubscribe)
    expect(client.take()).toMatchObject([{ cmd: 'unsuback', granted: [0x83] }])
    expect(world.engine.router.subscriptionCount).toBe(1)
    expect(failures(world)).toEqual([
      expect.stringContaining('authorizeUnsubscribe of a: [invalid-argument]'),
    ])
  })

  it('reports the message of onPublish that cannot be published', () => {
    const world = makeWorld({ authority: { onPublish: ({ message }) => ({ ...message, topic: '#' }) } })
    const client = world.join('a')
    client.send(publish)
    expect(client.take()).toMatchObject([{ cmd: 'connack' }, { cmd: 'puback', reasonCode: 0x83 }])
    expect(failures(world)).toEqual([expect.stringContaining('onPublish of a: [invalid-argument]')])
  })
})

describe('a hook that throws', () => {
  it('is reported with its cause', async () => {
    const cause = new Error('the database is down')
    const world = makeWorld({ authority: { authorizePublish: () => Promise.reject(cause) } })
    const client = world.join('a')
    client.send(publish)
    await world.settle()
    expect(failures(world)).toEqual([
      'authorizePublish of a: [unknown] the hook authorizePublish failed: the database is down',
    ])
    const [event] = world.events.filter(({ type }) => type === 'hook-failed')
    expect(event).toMatchObject({ error: { cause } })
  })

  it('is reported when it completes without a value', async () => {
    const world = makeWorld({ authority: { authenticate: () => of() } })
    const client = world.join('a')
    await world.settle()
    expect(client.first()).toMatchObject({ reasonCode: 0x80 })
    expect(failures(world)).toEqual([expect.stringContaining('it completed without a value')])
  })
})

describe('hookTimeout', () => {
  const never = new Promise<never>(() => undefined)
  const hanging: readonly [keyof Authority, AnyPacket, AnyPacket][] = [
    ['authorizePublish', publish, { cmd: 'puback', reasonCode: 0x83 }],
    ['onPublish', publish, { cmd: 'puback', reasonCode: 0x83 }],
    ['authorizeSubscribe', subscribe, { cmd: 'suback', granted: [0x83] }],
    ['authorizeUnsubscribe', unsubscribe, { cmd: 'unsuback', granted: [0x83] }],
  ]

  it.each(hanging)('refuses when %s does not answer in time, and reads on', async (hook, packet, refusal) => {
    const world = makeWorld({ hookTimeout: 2_000, authority: { [hook]: () => never } })
    const client = world.join('a')
    client.take()
    client.send(packet)
    client.send({ cmd: 'pingreq' })
    world.advance(1_999)
    await world.settle()
    expect(client.take().filter(({ cmd }) => cmd !== 'pingresp')).toEqual([])
    world.advance(1)
    await world.settle()
    expect(client.take().filter(({ cmd }) => cmd !== 'pingresp')).toMatchObject([refusal])
    const text = `[timeout] the hook ${hook} returned no result within 2000 ms, which is hookTimeout`
    expect(failures(world)).toEqual([`${hook} of a: ${text}`])
    expect(client.channel.isPaused).toBe(false)
  })

  it('refuses a client with 0x88 when authenticate does not answer in time, also after connectTimeout', async () => {
    const world = makeWorld({
      hookTimeout: 3_000,
      limits: { connectTimeout: 1_000 },
      authority: { authenticate: () => never },
    })
    const client = world.join('a')
    world.advance(2_999)
    await world.settle()
    expect(client.take()).toEqual([])
    world.advance(1)
    await world.settle()
    expect(client.first()).toMatchObject({
      reasonCode: 0x88,
      properties: { reasonString: 'authentication timed out' },
    })
    expect(failures(world)).toHaveLength(1)
  })

  it('is 5 s by default, and never for Infinity', async () => {
    for (const [options, isRefused] of [
      [{}, true],
      [{ hookTimeout: Infinity }, false],
    ] as const) {
      const world = makeWorld({ ...options, authority: { authenticate: () => never } })
      const client = world.join('a')
      world.advance(5_000)
      await world.settle()
      expect(client.take()).toHaveLength(isRefused ? 1 : 0)
    }
  })

  it('unsubscribes from the Observable of a hook, and ignores a result that comes too late', async () => {
    let isSubscribed = false
    let resolve = (_: 'allow'): void => undefined
    const slow$ = new Observable<never>(() => {
      isSubscribed = true
      return () => (isSubscribed = false)
    })
    const late = new Promise<'allow'>((fulfil) => (resolve = fulfil))
    const results = [slow$, late]
    const world = makeWorld({ authority: { authorizePublish: () => results.shift() ?? NEVER } })
    const client = world.join('a')
    client.take()
    for (const messageId of [1, 2]) client.send({ ...publish, messageId })
    expect(isSubscribed).toBe(true)
    world.advance(5_000)
    await world.settle()
    expect(isSubscribed).toBe(false)
    resolve('allow')
    await world.settle()
    expect(client.take()).toMatchObject([{ reasonCode: 0x83 }, { reasonCode: 0x83 }])
    expect(failures(world)).toHaveLength(2)
    expect(world.events.filter((event) => event.type === 'published' && event.reasonCode === 0)).toEqual([])
  })

  it('does not limit the handling of a message that authorizePublish takes', async () => {
    let finish = (_: number): void => undefined
    const handled = new Promise<number>((resolve) => (finish = resolve))
    const world = makeWorld({ authority: { authorizePublish: () => ({ take: handled }) } })
    const client = world.join('a')
    client.take()
    client.send(publish)
    world.advance(60_000)
    await world.settle()
    expect(client.take()).toEqual([])
    finish(0)
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0 }])
  })

  it('leaves no deadline behind when a hook answers in time', async () => {
    const world = makeWorld({ authority: { authorizePublish: () => Promise.resolve('allow' as const) } })
    const client = world.join('a')
    client.send(publish)
    const before = world.engine.deadlines.size
    await world.settle()
    expect(world.engine.deadlines.size).toBe(before - 1)
  })
})
