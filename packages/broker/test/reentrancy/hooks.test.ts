import { Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Authority, BrokerOptions } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import {
  bytes,
  closeBroker,
  connectInProcess,
  persistent,
  messages,
  publish,
  subscribe,
  subscriber,
} from './clients.js'
import type { InProcessClient } from './clients.js'

/** Creates a broker with hooks that can call the broker. */
function hookedWorld(hooks: (world: () => World) => Authority, options: BrokerOptions = {}): World {
  const world: World = makeWorld({ ...options, authority: hooks(() => world) })
  return world
}

/** Returns a function that calls `act` at its first call. */
function onceOnly(act: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    act()
  }
}

const send = ({ broker }: World, topic = 't'): void =>
  void broker.publish$({ topic, payload: bytes('re-entrant') }).subscribe()

describe.each(['authorizePublish', 'onPublish'] as const)('%s', (hook) => {
  /** Creates a broker whose hook calls `act` at its first message and allows all messages. */
  const hookCalling = (act: (world: World) => void, options?: BrokerOptions): World =>
    hookedWorld((world) => {
      const first = onceOnly(() => act(world()))
      return hook === 'onPublish'
        ? { onPublish: ({ message }) => (first(), message) }
        : { authorizePublish: () => (first(), 'allow') }
    }, options)

  it(`routes a message that ${hook} publishes before the message it decides on`, () => {
    const world = hookCalling((started) => {
      send(started)
      send(started, 'other')
    })
    const client = subscriber(world, 'a', 't')
    const other = subscriber(world, 'other', 'other')
    publish(world, {})
    expect(messages(client)).toEqual(['t: re-entrant', 't: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })

  it(`routes a message that ${hook} publishes over the publisher’s link after the message it decides on`, () => {
    const world = hookCalling(() => {
      from.publish('t', 'two')
      from.publish('t', 'three')
    })
    const from: InProcessClient = connectInProcess(world, 'from')
    const client = subscriber(world, 'a', 't')
    from.publish('t', 'one')
    from.publish('t', 'four')
    world.advance()
    expect(messages(client)).toEqual(['t: one', 't: two', 't: three', 't: four'])
  })

  it(`keeps the order of a publisher whose ${hook} publishes at each message`, () => {
    let count = 1
    const again = (): void => {
      if (count < 9) from.publish('t', `${++count}`)
    }
    const world = hookedWorld(() =>
      hook === 'onPublish'
        ? { onPublish: ({ message }) => (again(), again(), message) }
        : { authorizePublish: () => (again(), again(), Promise.resolve('allow' as const)) },
    )
    const from: InProcessClient = connectInProcess(world, 'from')
    const client = subscriber(world, 'a', 't')
    from.publish('t', '1')
    return world.settle().then(() => {
      expect(messages(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `t: ${number}`))
    })
  })

  it(`does not route a message to a client that its ${hook} unsubscribes`, () => {
    const world = hookCalling(() => late.unsubscribe('t'))
    const late: InProcessClient = connectInProcess(world, 'late')
    late.subscribe('t')
    publish(world, {})
    expect(late.received).toEqual(['online'])
  })

  it(`routes a message to a client that its ${hook} subscribes`, () => {
    const world = hookCalling(() => late.subscribe('t'))
    const late: InProcessClient = connectInProcess(world, 'late')
    publish(world, {})
    world.advance()
    expect(late.received).toEqual(['online', 't: the message'])
  })

  it.each(['disconnect', 'forget'] as const)(
    `publishes the message of a publisher that ${hook} removes by %s`,
    (way) => {
      const world = hookCalling(({ broker }) => broker[way]('from'))
      const client = subscriber(world, 'a', 't')
      const from = world.join('from', persistent)
      from.take()
      from.send({ cmd: 'publish', topic: 't', payload: 'the message', qos: 2, messageId: 1 })
      expect(from.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
      expect(messages(client)).toEqual(['t: the message'])
      expect(world.broker.session('from') === undefined).toBe(way === 'forget')
      const back = world.join('from', persistent)
      expect(back.first().sessionPresent).toBe(way === 'disconnect')
    },
  )

  it(`publishes and acknowledges a message whose ${hook} closes the broker`, async () => {
    const world = hookCalling(({ broker }) => void broker.close())
    const client = subscriber(world, 'a', 't')
    const from = world.join('from')
    from.take()
    from.send({ cmd: 'publish', topic: 't', payload: 'the message', qos: 1, messageId: 1 })
    await closeBroker(world)
    expect(from.take().map(({ cmd }) => cmd)).toEqual(['puback', 'disconnect'])
    expect(messages(client)).toEqual(['t: the message'])
  })

  it.each(['connection lost', 'session ended', 'taken over'])(
    `ends the session whose will ${hook} decides on, also in the storage (%s)`,
    async (way) => {
      const storage = memoryStorage()
      const world = hookCalling(({ broker }) => broker.forget('a'), { storage })
      await world.engine.ready
      const will = {
        topic: 'will',
        payload: 'gone',
        qos: 1,
        retain: false,
        properties: { willDelayInterval: 5 },
      }
      const client = world.join('a', {
        ...persistent,
        will: way === 'session ended' ? will : { ...will, properties: {} },
      })
      const watcher = subscriber(world, 'watcher', 'will')
      await world.settle()
      watcher.take()
      if (way === 'taken over') {
        expect(world.join('a', persistent).first()).toMatchObject({ cmd: 'connack', sessionPresent: false })
        world.broker.forget('a')
      } else {
        client.cut()
        world.advance(way === 'session ended' ? 5_000 : 0)
      }
      await world.settle()
      expect(messages(watcher)).toEqual(['will: gone'])
      expect([...storage.contents.keys()].filter((key) => key.startsWith('s:'))).toEqual([])
      expect(world.broker.session('a')).toBeUndefined()
      // Ended connections stay open for a while.
      world.advance(2_000)
      expect(world.engine.deadlines.size).toBe(0)
    },
  )

  it(`closes the link that takes over from a client within ${hook} for its will`, () => {
    const world = hookCalling(() => second.unsubscribe())
    const will = { topic: 'will', payload: bytes('gone') }
    world.broker
      .transport({ clientId: 'a', will })
      .connect$(1)
      .subscribe({ error: () => undefined })
    world.advance()
    const second = world.broker.transport({ clientId: 'a', clean: false }).connect$(1).subscribe()
    world.advance()
    expect(world.broker.session('a')?.client).toBeUndefined()
    expect(world.engine.connections.size).toBe(0)
  })
})

describe('authorizePublish that takes a message', () => {
  it('routes a message that is published within the reason code Observable of a taken message', () => {
    const world = hookedWorld((started) => ({
      authorizePublish: () => ({
        take: new Observable<number>((response) => {
          send(started())
          response.next(0)
        }),
      }),
    }))
    const client = subscriber(world, 'a', 't')
    publish(world, { qos: 1 })
    expect(messages(client)).toEqual(['t: re-entrant'])
  })
})

describe('authorizeSubscribe', () => {
  const hookCalling = (act: (world: World) => void, isLate = false): World =>
    hookedWorld((world) => ({
      authorizeSubscribe: ({ client }) => {
        if (client.clientId === 'a') act(world())
        return isLate ? Promise.resolve('allow' as const) : 'allow'
      },
    }))

  it.each([
    ['synchronously', false],
    ['asynchronously', true],
  ])('leaves no subscription when authorizeSubscribe ends the session and allows %s', async (_, isLate) => {
    const world = hookCalling(({ broker }) => broker.forget('a'), isLate)
    const client = world.join('a', persistent)
    subscribe(client, 't')
    await world.settle()
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.events.filter(({ type }) => type === 'subscribed')).toEqual([])
  })

  it('leaves no subscription when authorizeSubscribe ends the session of a client in process', () => {
    const world = hookCalling(({ broker }) => broker.forget('a'))
    const client = connectInProcess(world, 'a')
    client.subscribe('t')
    world.advance()
    expect(client.received).toEqual(['online', 'offline'])
    expect(world.engine.router.subscriptionCount).toBe(0)
  })

  it('does not subscribe a session that Clean Start ended while authorizeSubscribe was pending', async () => {
    let allow = (): void => {}
    const decided = new Promise<'allow'>((resolve) => (allow = () => resolve('allow')))
    const world = hookedWorld(() => ({ authorizeSubscribe: () => decided }))
    subscribe(world.join('a'), 't')
    const second = world.join('a')
    allow()
    await world.settle()
    expect(world.engine.router.subscriptionCount).toBe(0)
    publish(world, {})
    expect(messages(second)).toEqual([])
  })

  it('does not subscribe a session that another connection took over while authorizeSubscribe was pending', async () => {
    let allow = (): void => {}
    const decided = new Promise<'allow'>((resolve) => (allow = () => resolve('allow')))
    const world = hookedWorld(() => ({ authorizeSubscribe: () => decided }))
    subscribe(world.join('a', persistent), 't')
    const second = world.join('a', persistent)
    allow()
    await world.settle()
    publish(world, { qos: 1 })
    expect(messages(second)).toEqual([])
    expect(world.broker.session('a')?.subscriptions).toEqual([])
  })

  it('leaves no subscription when authorizeSubscribe answers after a persistent client has gone', async () => {
    let allow = (): void => {}
    const decided = new Promise<'allow'>((resolve) => (allow = () => resolve('allow')))
    const world = hookedWorld(() => ({ authorizeSubscribe: () => decided }))
    const client = world.join('a', persistent)
    subscribe(client, 't')
    client.cut()
    allow()
    await world.settle()
    const from = world.join('from')
    from.take()
    from.send({ cmd: 'publish', messageId: 1, topic: 't', payload: 'x', qos: 1 })
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
    expect(world.broker.session('a')).toMatchObject({ subscriptions: [], queued: 0 })
  })

  it('leaves no subscription when a client in process unsubscribes while authorizeSubscribe is pending', async () => {
    let allow = (): void => {}
    const decided = new Promise<'allow'>((resolve) => (allow = () => resolve('allow')))
    const world = hookedWorld(() => ({ authorizeSubscribe: () => decided }))
    const client = connectInProcess(world, 'a')
    client.subscribe('t')
    client.unsubscribe('t')
    allow()
    await world.settle()
    expect(world.broker.session('a')?.subscriptions).toEqual([])
  })

  it('does not route a message that authorizeSubscribe publishes to the new subscription', () => {
    const world = hookCalling((started) => send(started))
    const client = subscriber(world, 'a', 't')
    publish(world, {})
    expect(messages(client)).toEqual(['t: the message'])
  })

  it('subscribes the session of a client that authorizeSubscribe disconnects', () => {
    const world = hookCalling(({ broker }) => broker.disconnect('a'))
    subscribe(world.join('a', persistent), 't')
    publish(world, { qos: 1 })
    expect(messages(world.join('a', persistent))).toEqual(['t: the message'])
  })
})

describe('authenticate', () => {
  it('resumes a session to which authenticate publishes and which it disconnects', () => {
    let hasConnected = false
    const world = hookedWorld((started) => ({
      authenticate: ({ clientId }) => {
        if (clientId === 'a' && hasConnected) {
          send(started())
          started().broker.disconnect('a')
        }
        hasConnected ||= clientId === 'a'
        return { admit: true }
      },
    }))
    const first = subscriber(world, 'a', 't', persistent)
    const second = world.join('a', persistent)
    expect(first.take().map(({ cmd }) => cmd)).toEqual(['publish', 'disconnect'])
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['connack', 'publish'])
  })

  it('leaves no session when authenticate closes the link in process', () => {
    const world = hookedWorld(() => ({
      authenticate: () => {
        link.unsubscribe()
        return { admit: true }
      },
    }))
    const link = world.broker.transport({ clientId: 'a' }).connect$(1).subscribe()
    world.advance()
    expect(world.broker.sessions()).toEqual([])
    expect(world.engine.connections.size).toBe(0)
  })
})

describe('responseInformation', () => {
  const withResponseInformation = {
    ...persistent,
    properties: { sessionExpiryInterval: 100, requestResponseInformation: true },
  }

  it('sends a message that responseInformation publishes to a resumed session after the CONNACK', () => {
    const world: World = makeWorld({
      responseInformation: () => {
        send(world)
        return 'prefix'
      },
    })
    subscriber(world, 'a', 't', persistent).cut()
    expect(world.join('a', withResponseInformation).take()).toMatchObject([
      { cmd: 'connack', properties: { responseInformation: 'prefix' } },
      { cmd: 'publish' },
    ])
  })

  it('refuses a client when responseInformation throws', async () => {
    const world = makeWorld({
      responseInformation: () => {
        throw new Error('thrown by a hook')
      },
      authority: { authenticate: () => Promise.resolve({ admit: true }) },
    })
    const client = world.join('a', withResponseInformation)
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'connack', reasonCode: 0x80 }])
    const link = connectInProcess(world, 'b')
    await world.settle()
    expect(link.received).toEqual(['offline'])
    expect(world.broker.sessions()).toEqual([])
  })

  it('leaves no session when responseInformation closes the link in process', () => {
    const world = makeWorld({
      responseInformation: () => {
        link.unsubscribe()
        return 'prefix'
      },
    })
    const link = world.broker.transport({ clientId: 'a' }).connect$(1).subscribe()
    world.advance()
    expect(world.broker.sessions()).toEqual([])
    expect(world.engine.connections.size).toBe(0)
  })
})
