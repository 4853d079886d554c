import { AntiphonError } from '@antiphon/core'
import { Subject, config } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.js'
import type { BrokerEvent } from '../../src/index.js'
import { resolveOptions } from '../../src/options.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import {
  bytes,
  closeBroker,
  connectInProcess,
  persistent,
  messages,
  onFirst,
  publish,
  subscribe,
  subscriber,
} from './clients.js'

/** Ends turns as the broker does on real time. */
const onImmediate = { atTurnEnd: (work: () => void) => void setImmediate(work) }

/** Records the type of each event and its topic or client identifier. */
function follow(world: World): string[] {
  const seen: string[] = []
  world.broker.events$.subscribe((event) => {
    if (event.type === 'published') seen.push(`published ${event.message.topic}`)
    else if ('client' in event) seen.push(`${event.type} ${event.client.clientId}`)
    else if ('clientId' in event) seen.push(`${event.type} ${event.clientId}`)
    else seen.push(event.type)
  })
  return seen
}

/** Delivers a message to `device` and records what `deliver$` emits. */
function deliver(world: World, payload: string, onStatus: (status: string) => void = () => {}): string[] {
  const seen: string[] = []
  const record = (status: string): void => {
    seen.push(status)
    onStatus(status)
  }
  world.broker.deliver$('device', { topic: 't', payload: bytes(payload), qos: 1 }).subscribe({
    next: ({ status }) => record(status),
    error: (error: unknown) => record(AntiphonError.from(error).code),
    complete: () => record('complete'),
  })
  return seen
}

describe('events$', () => {
  it('emits events to every observer in the order in which they happened when an observer publishes', () => {
    const world = makeWorld()
    subscriber(world, 'victim', 't', { properties: { maximumPacketSize: 50 } })
    onFirst(
      world,
      ({ type }) => type === 'dropped',
      () => world.broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
    )
    const seen = follow(world)
    publish(world, { payload: 'x'.repeat(100) })
    expect(seen).toEqual([
      'session-started from',
      'connected from',
      'dropped victim',
      'published t',
      'published other',
      'disconnected from',
      'session-ended from',
    ])
  })

  it('emits the events of a packet or a call of the broker before it returns', () => {
    const world = makeWorld()
    const client = world.join('a')
    const seen = follow(world)
    // Not `client.send`, which ends the turn.
    client.channel.feed(Uint8Array.of(0x30, 4, 0, 1, 0x61, 0))
    expect(seen.splice(0)).toEqual(['published a'])
    world.broker.publish$({ topic: 't', payload: bytes('x') }).subscribe()
    expect(seen.splice(0)).toEqual(['published t'])
    world.broker.disconnect('a')
    expect(seen.splice(0)).toEqual(['disconnected a', 'session-ended a'])
    world.join('b', persistent)
    seen.length = 0
    world.broker.forget('b')
    expect(seen).toEqual(['disconnected b', 'session-ended b'])
  })

  it('does not emit events to an observer from before its subscription', () => {
    const events = new Subject<BrokerEvent>()
    const engine = createEngine(resolveOptions({}), events, onImmediate)
    const seen: string[] = []
    engine.notifications.run(() => {
      engine.emit({ type: 'session-started', clientId: 'a' })
      events.subscribe(({ type }) => seen.push(type))
      engine.emit({ type: 'session-ended', clientId: 'a' })
    })
    expect(seen).toEqual(['session-ended'])
  })

  it('calls the other observers and serves clients when an observer throws', async () => {
    const reported = unhandled(2)
    const world = makeWorld()
    world.broker.events$.subscribe(({ type }) => {
      if (type === 'published') throw new Error('thrown by an observer')
    })
    const seen = follow(world)
    const client = subscriber(world, 'a', 't')
    publish(world, { payload: 'one' })
    publish(world, { payload: 'two' })
    expect(messages(client)).toEqual(['t: one', 't: two'])
    expect(seen.filter((event) => event === 'published t')).toHaveLength(2)
    expect(await reported).toEqual([new Error('thrown by an observer'), new Error('thrown by an observer')])
  })

  it('reports the error of an event sink that throws and emits later events', async () => {
    const reported = unhandled(2)
    const seen: string[] = []
    const engine = createEngine(
      resolveOptions({}),
      {
        observed: true,
        next: ({ type }) => {
          seen.push(type)
          throw new Error('thrown by a sink')
        },
      },
      onImmediate,
    )
    engine.notifications.run(() => {
      engine.emit({ type: 'session-started', clientId: 'a' })
      engine.emit({ type: 'session-ended', clientId: 'a' })
    })
    expect(seen).toEqual(['session-started', 'session-ended'])
    expect(await reported).toEqual([new Error('thrown by a sink'), new Error('thrown by a sink')])
  })

  it('runs other work of the turn between the events of an observer that publishes endlessly', () => {
    const world = makeWorld()
    let left = 20_000
    let isStarved = false
    world.broker.events$.subscribe(({ type }) => {
      if (type === 'published' && left-- > 0)
        world.broker.publish$({ topic: 't', payload: bytes('x') }).subscribe()
    })
    world.engine.turn.add({ flush: () => (isStarved = left < 19_000) })
    world.broker.publish$({ topic: 't', payload: bytes('x') }).subscribe()
    expect(left).toBe(19_999)
    world.advance()
    expect(left).toBe(-1)
    expect(isStarved).toBe(false)
  })

  it('emits the events of a closing broker and then completes', async () => {
    const world = makeWorld()
    connectInProcess(world, 'a')
    const seen = follow(world)
    world.broker.events$.subscribe({ complete: () => seen.push('complete') })
    // The turn does not end before `close` returns.
    await world.broker.close()
    expect(seen).toEqual(['disconnected a', 'complete'])
  })

  it('keeps messages when an observer of storage-failed publishes and closes the broker', async () => {
    const storage = memoryStorage()
    const world = makeWorld({ storage })
    await world.engine.ready
    const client = subscriber(world, 'a', 't', persistent)
    await world.settle()
    storage.isFailing = true
    onFirst(
      world,
      ({ type }) => type === 'storage-failed',
      () => {
        world.broker.publish$({ topic: 't', payload: bytes('re-entrant') }).subscribe()
        void world.broker.close()
      },
    )
    client.take()
    publish(world, { qos: 1 })
    await world.settle()
    storage.isFailing = false
    await closeBroker(world)
    expect(messages(client)).toEqual(['t: the message', 't: re-entrant'])
    // Both are still stored, because the client acknowledged neither.
    expect([...storage.contents.keys()].filter((key) => key.startsWith('q:'))).toHaveLength(2)
  })
})

/** Resolves with the first `count` errors that RxJS reports as unhandled. */
function unhandled(count: number): Promise<unknown[]> {
  const errors: unknown[] = []
  return new Promise((resolve) => {
    config.onUnhandledError = (error) => {
      if (errors.push(error) === count) resolve(errors)
    }
  })
}

afterEach(() => {
  config.onUnhandledError = null
})

describe('deliver$', () => {
  it('routes the message that replaces a queued one correctly when the observer of the drop publishes', () => {
    const world = makeWorld({ limits: { queueMessages: 1 }, queuePolicy: 'drop-oldest' })
    subscriber(world, 'device', 't', persistent).cut()
    const healthy = subscriber(world, 'healthy', 't')
    const other = subscriber(world, 'other', 'other')
    const seen = deliver(world, 'queued', (status) => {
      if (status === 'overflow')
        world.broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe()
    })
    publish(world, { qos: 1 })
    expect(seen).toEqual(['queued', 'overflow'])
    expect(messages(healthy)).toEqual(['t: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })

  it('keeps the order of queued deliveries when an observer of a sent one delivers another', () => {
    const world = makeWorld()
    subscriber(world, 'device', 't', persistent).cut()
    deliver(world, 'one', (status) => {
      if (status === 'sent') deliver(world, 'four')
    })
    deliver(world, 'two')
    deliver(world, 'three')
    expect(messages(world.join('device', persistent))).toEqual(['t: one', 't: two', 't: three', 't: four'])
  })

  it('errors a delivery with session-lost when its observer ends the session', () => {
    const world = makeWorld()
    subscriber(world, 'device', 't', persistent).cut()
    const seen = deliver(world, 'x', (status) => {
      if (status === 'queued') world.broker.forget('device')
    })
    world.advance()
    expect(seen).toEqual(['queued', 'session-lost'])
    expect(world.broker.sessions()).toEqual([])
  })

  it('delivers the rest of a queue on reconnect when an observer of an acknowledgement disconnects the client', () => {
    const world = makeWorld({ limits: { inFlight: 1 } })
    const device = subscriber(world, 'device', 't', persistent)
    const first = deliver(world, 'one', (status) => {
      if (status === 'acknowledged') world.broker.disconnect('device')
    })
    deliver(world, 'two')
    device.send({ cmd: 'puback', messageId: device.first().messageId ?? 0 })
    expect(first).toEqual(['sent', 'acknowledged', 'complete'])
    expect(device.take().map(({ cmd }) => cmd)).toEqual(['publish', 'disconnect'])
    expect(messages(world.join('device', persistent))).toEqual(['t: two'])
  })

  it('emits the status of a delivery within the call, and within an observer at the end of the turn', () => {
    const world = makeWorld()
    const device = world.join('device')
    subscribe(device, 't')
    const inner: string[][] = []
    const outer = deliver(world, 'one', (status) => {
      if (status !== 'sent') return
      const seen = deliver(world, 'two')
      inner.push([...seen], seen)
    })
    expect(outer).toEqual(['sent'])
    world.advance()
    expect(inner).toEqual([[], ['sent']])
  })
})
