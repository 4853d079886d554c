import { describe, expect, it } from 'vitest'
import type { AntiphonError } from '../../src/errors.js'
import type { Delivery, LinkState } from '../../src/link/link.js'
import { linkOver, type LinkOptions } from '../../src/link/link-over.js'
import { connectionInfo } from './connection-info.js'
import { failure, manualTransport, completeWith } from './manual-transport.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { arrival, bytes, outgoing, textOf } from './messages.js'

describe('linkOver', () => {
  it('does not connect until a stream other than incidents$ is subscribed to', () => {
    const { link, broker, advance, timers } = linkSetting()
    const streams = [link.state$, link.messages$('a'), link.subscription$('a'), link.publish$(outgoing('a'))]
    link.incidents$.subscribe()
    advance(1_000)
    expect([streams.length, timers(), broker.counts().connections]).toEqual([4, 0, 0])
  })

  it.each([
    ['its state', ({ states }: LinkSetting) => states()],
    ['a subscription', ({ subscribe }: LinkSetting) => subscribe('a')],
    ['a message to publish', ({ publish }: LinkSetting) => publish('a', '1')],
  ])('connects once for %s', (_, use) => {
    const setting = linkSetting()
    use(setting)
    use(setting)
    setting.advance(10)
    expect(setting.broker.counts().connections).toBe(1)
  })

  it('emits its states to every subscriber, the current one first', () => {
    const { states, advance, broker } = linkSetting()
    const early = states()
    advance(10)
    const late = states()
    broker.disconnect('me')
    advance(200)
    expect(early).toEqual(['connecting', 'online', 'offline', 'connecting', 'online'])
    expect(late).toEqual(['online', 'offline', 'connecting', 'online'])
  })

  it.each<[LinkOptions, RegExp]>([
    [{ closeTimeout: -1 }, /closeTimeout is -1/],
    [{ limits: { receiveMaximum: 0 } }, /limits\.receiveMaximum is 0/],
    [{ filtersPerSubscribe: 0 }, /filtersPerSubscribe is 0/],
    [{ filtersPerSubscribe: 1.5 }, /filtersPerSubscribe is 1.5: it must be a whole number/],
    [{ queue: { messages: -1 } }, /queue.messages is -1/],
    [{ queue: { bytes: Number.NaN } }, /queue.bytes is NaN/],
    [{ unrouted: { messages: -1 } }, /unrouted.messages is -1/],
    [{ unrouted: { bytes: -1 } }, /unrouted.bytes is -1/],
    [{ unrouted: { ttl: -1 } }, /unrouted.ttl is -1/],
    [{ reconnect: { initial: -1 } }, /initial is -1/],
  ])('rejects invalid link options %j', (options, message) => {
    const make = (): unknown => linkOver(manualTransport(), options)
    expect(make).toThrow(message)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('rejects an invalid message without connecting', () => {
    const { publish, advance, broker } = linkSetting()
    expect(publish('a/#', '1')).toEqual(['1 invalid-argument'])
    advance(10)
    expect(broker.counts().connections).toBe(0)
  })

  it('subscribes again before it resends messages after a lost session', () => {
    const { subscribe, publish, broker, advance, published } = linkSetting({ limits: { receiveMaximum: 2 } })
    const { log } = subscribe('a')
    advance(10)
    const acks = ['1', '2', '3'].map((text) => publish('a', text))
    broker.disconnect('me', { session: 'lose' })
    advance(50)
    acks.push(publish('a', '4'))
    advance(1_000)
    expect(log).toEqual(['1', '2', '3', '4'])
    expect(published).toEqual(['a 1', 'a 2', 'a 3', 'a 4'])
    expect(acks.map(([ack]) => ack)).toEqual(['1 0', '2 0', '3 0', '4 0'])
  })

  it('leaves resending in a resumed session to the transport', () => {
    const { publish, broker, advance, published } = linkSetting({ latency: 5 })
    publish('a', '0')
    advance(100)
    const ack = publish('a', '1')
    // The message arrives at the broker, its acknowledgement does not arrive here.
    advance(7)
    broker.disconnect('me')
    advance(1_000)
    expect(ack).toEqual(['1 16', '|'])
    expect(published.slice(1)).toEqual(['a 1', 'a 1'])
  })

  it('acknowledges messages in order of receipt', () => {
    const { link, broker, advance } = linkSetting()
    const deliveries: Delivery[] = []
    link.subscription$('a').subscribe((window) => {
      window.deliveries$.subscribe((delivery) => deliveries.push(delivery))
    })
    advance(10)
    for (const text of ['1', '2', '3']) broker.publish({ topic: 'a', payload: bytes(text) })
    advance(10)
    const unacknowledged = (): string[] => broker.session('me')?.unacknowledged.map(textOf) ?? []
    deliveries[2]?.acknowledge()
    deliveries[1]?.acknowledge()
    advance(10)
    expect(unacknowledged()).toEqual(['1', '2', '3'])
    deliveries[0]?.acknowledge()
    advance(10)
    expect(unacknowledged()).toEqual([])
  })

  it('reports a malformed packet on incidents$ and keeps running', () => {
    const { subscribe, broker, advance, incidents } = linkSetting()
    const { log } = subscribe('a')
    advance(10)
    broker.inject({ kind: 'malform' })
    broker.publish({ topic: 'a', payload: bytes('garbage') })
    broker.publish({ topic: 'a', payload: bytes('2') })
    advance(10)
    expect(log).toEqual(['2'])
    expect(incidents).toMatchObject([
      { kind: 'malformed', message: { topic: 'a' }, error: { code: 'protocol' } },
    ])
    expect(incidents[0]).not.toHaveProperty('type')
  })

  it('leaves no subscription at the broker and no timer when all subscribers have unsubscribed', () => {
    const { subscribe, broker, advance, timers } = linkSetting()
    const all = ['a', 'a', 'a/+', '#', '$share/g/a'].map(subscribe)
    advance(10)
    expect(broker.subscriptions()).toHaveLength(4)
    for (const { unsubscribe } of all) unsubscribe()
    advance(10)
    expect([broker.subscriptions(), timers()]).toEqual([[], 0])
    expect(broker.counts().packets).toMatchObject({ subscribe: 3, unsubscribe: 4 })
  })
})

describe('linkOver after a fatal error', () => {
  it('fails all current and later subscribers with the fatal error', () => {
    const { link, subscribe, publish, broker, advance, timers } = linkSetting()
    const states: LinkState[] = []
    link.state$.subscribe((state) => states.push(state))
    broker.refuseConnect(0x87)
    const received = subscribe('a')
    const queued = publish('a', '1')
    advance(10)
    expect(received.log).toEqual(['connection-refused'])
    expect(queued).toEqual(['1 link-closed'])
    expect(subscribe('b').log).toEqual(['connection-refused'])
    expect(publish('a', '2')).toEqual(['2 link-closed'])
    expect(states).toMatchObject([
      { status: 'connecting' },
      { status: 'closed', error: { code: 'connection-refused', reasonCode: 0x87 } },
    ])
    const errors: unknown[] = []
    link.publish$(outgoing('a')).subscribe({ error: (error: unknown) => errors.push(error) })
    const cause = states.at(-1) as { readonly error: AntiphonError }
    expect(errors).toMatchObject([
      {
        code: 'link-closed',
        reasonCode: 0x87,
        cause: { code: 'connection-refused' },
        rawMessage: `the link ended: ${cause.error.rawMessage}`,
      },
    ])
    expect(timers()).toBe(0)
  })
})

describe('linkOver a synchronous transport', () => {
  it('closes when the transport refuses and disconnects synchronously', async () => {
    const transport = manualTransport({
      connect: ({ subscriber }) => subscriber.error(failure('connection-refused', 0x85)),
      disconnect: ({ subscriber }) => subscriber.complete(),
    })
    const link = linkOver(transport)
    const states: string[] = []
    link.state$.subscribe({ next: ({ status }) => states.push(status), complete: () => states.push('|') })
    await link.close()
    expect(states).toEqual(['closed', '|'])
  })
})

describe('Delivery.acknowledge after close', () => {
  it('sends no acknowledgement after the link was closed', async () => {
    const acknowledged: string[] = []
    const transport = manualTransport({
      connect: ({ subscriber }) => subscriber.next({ type: 'online', info: connectionInfo() }),
      subscribe: (call) => completeWith(call, [1]),
      disconnect: ({ subscriber }) => subscriber.complete(),
    })
    const link = linkOver(transport)
    const openDeliveries: Delivery[] = []
    link.subscription$('a').subscribe((window) => {
      window.deliveries$.subscribe((delivery) => openDeliveries.push(delivery))
    })
    const { subscriber } = transport.connections[0] ?? {}
    subscriber?.next({ type: 'message', message: arrival('a'), acknowledge: () => acknowledged.push('a') })
    await link.close()
    for (const { acknowledge } of openDeliveries) acknowledge()
    expect([openDeliveries.length, acknowledged]).toEqual([1, []])
  })
})
