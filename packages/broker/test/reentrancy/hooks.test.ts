import { Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Authority, BrokerOptions } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import { bytes, closed, inProcess, lasting, messages, publish, subscribe, subscriber } from './scene.js'
import type { InProcess } from './scene.js'

/** A world with hooks that see it. */
function hookedWorld(hooks: (world: () => World) => Authority, options: BrokerOptions = {}): World {
  const world: World = makeWorld({ ...options, authority: hooks(() => world) })
  return world
}

/** Acts at the first call. */
function once(act: () => void): () => void {
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
  /** Acts at the first message that the hook sees, and lets all pass. */
  const acting = (act: (world: World) => void, options?: BrokerOptions): World =>
    hookedWorld((world) => {
      const first = once(() => act(world()))
      return hook === 'onPublish'
        ? { onPublish: ({ message }) => (first(), message) }
        : { authorizePublish: () => (first(), 'allow') }
    }, options)

  it('publishes before the message that it is asked about', () => {
    const world = acting((made) => {
      send(made)
      send(made, 'other')
    })
    const client = subscriber(world, 'a', 't')
    const other = subscriber(world, 'other', 'other')
    publish(world, {})
    expect(messages(client)).toEqual(['t: re-entrant', 't: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })

  it('publishes over the link of the publisher behind the message that it is asked about', () => {
    const world = acting(() => {
      from.publish('t', 'two')
      from.publish('t', 'three')
    })
    const from: InProcess = inProcess(world, 'from')
    const client = subscriber(world, 'a', 't')
    from.publish('t', 'one')
    from.publish('t', 'four')
    world.advance()
    expect(messages(client)).toEqual(['t: one', 't: two', 't: three', 't: four'])
  })

  it('keeps the order of a publisher whose hook publishes at each of the first messages', () => {
    let count = 1
    const again = (): void => {
      if (count < 9) from.publish('t', `${++count}`)
    }
    const world = hookedWorld(() =>
      hook === 'onPublish'
        ? { onPublish: ({ message }) => (again(), again(), message) }
        : { authorizePublish: () => (again(), again(), Promise.resolve('allow' as const)) },
    )
    const from: InProcess = inProcess(world, 'from')
    const client = subscriber(world, 'a', 't')
    from.publish('t', '1')
    return world.settle().then(() => {
      expect(messages(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `t: ${number}`))
    })
  })

  it('unsubscribes a client before the message reaches it', () => {
    const world = acting(() => late.unsubscribe('t'))
    const late: InProcess = inProcess(world, 'late')
    late.subscribe('t')
    publish(world, {})
    expect(late.heard).toEqual(['online'])
  })

  it('subscribes a client in time for the message', () => {
    const world = acting(() => late.subscribe('t'))
    const late: InProcess = inProcess(world, 'late')
    publish(world, {})
    world.advance()
    expect(late.heard).toEqual(['online', 't: the message'])
  })

  it.each(['disconnect', 'forget'] as const)('may %s the publisher, whose message is published', (how) => {
    const world = acting(({ broker }) => broker[how]('from'))
    const client = subscriber(world, 'a', 't')
    const from = world.join('from', lasting)
    from.take()
    from.send({ cmd: 'publish', topic: 't', payload: 'the message', qos: 2, messageId: 1 })
    expect(from.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
    expect(messages(client)).toEqual(['t: the message'])
    expect(world.broker.session('from') === undefined).toBe(how === 'forget')
    const back = world.join('from', lasting)
    expect(back.first().sessionPresent).toBe(how === 'disconnect')
  })

  it('closes the broker after the message was published and answered', async () => {
    const world = acting(({ broker }) => void broker.close())
    const client = subscriber(world, 'a', 't')
    const from = world.join('from')
    from.take()
    from.send({ cmd: 'publish', topic: 't', payload: 'the message', qos: 1, messageId: 1 })
    await closed(world)
    expect(from.take().map(({ cmd }) => cmd)).toEqual(['puback', 'disconnect'])
    expect(messages(client)).toEqual(['t: the message'])
  })

  it.each(['connection lost', 'session ended', 'taken over'])(
    'ends the session whose will it is asked about, in the storage too (%s)',
    async (how) => {
      const storage = memoryStorage()
      const world = acting(({ broker }) => broker.forget('a'), { storage })
      await world.engine.ready
      const will = {
        topic: 'will',
        payload: 'gone',
        qos: 1,
        retain: false,
        properties: { willDelayInterval: 5 },
      }
      const client = world.join('a', {
        ...lasting,
        will: how === 'session ended' ? will : { ...will, properties: {} },
      })
      const watcher = subscriber(world, 'watcher', 'will')
      await world.settle()
      watcher.take()
      if (how === 'taken over') {
        expect(world.join('a', lasting).first()).toMatchObject({ cmd: 'connack', sessionPresent: false })
        world.broker.forget('a')
      } else {
        client.cut()
        world.advance(how === 'session ended' ? 5_000 : 0)
      }
      await world.settle()
      expect(messages(watcher)).toEqual(['will: gone'])
      expect([...storage.contents.keys()].filter((key) => key.startsWith('s:'))).toEqual([])
      expect(world.broker.session('a')).toBeUndefined()
      // The connections that were ended linger.
      world.advance(2_000)
      expect(world.engine.deadlines.size).toBe(0)
    },
  )

  it('closes the link that takes over from the client whose will it is asked about', () => {
    const world = acting(() => second.unsubscribe())
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
  it('publishes within the Observable of its reason code', () => {
    const world = hookedWorld((made) => ({
      authorizePublish: () => ({
        take: new Observable<number>((response) => {
          send(made())
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
  const acting = (act: (world: World) => void, isLate = false): World =>
    hookedWorld((world) => ({
      authorizeSubscribe: ({ client }) => {
        if (client.clientId === 'a') act(world())
        return isLate ? Promise.resolve('allow' as const) : 'allow'
      },
    }))

  it.each([
    ['at once', false],
    ['later', true],
  ])('ends the session for good when it answers %s: no subscription stays behind', async (_, isLate) => {
    const world = acting(({ broker }) => broker.forget('a'), isLate)
    const client = world.join('a', lasting)
    subscribe(client, 't')
    await world.settle()
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.events.filter(({ type }) => type === 'subscribed')).toEqual([])
  })

  it('ends the session of a client in process for good: no subscription stays behind', () => {
    const world = acting(({ broker }) => broker.forget('a'))
    const client = inProcess(world, 'a')
    client.subscribe('t')
    world.advance()
    expect(client.heard).toEqual(['online', 'offline'])
    expect(world.engine.router.subscriptionCount).toBe(0)
  })

  it('does not subscribe a session that a clean start has ended while it decided', async () => {
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

  it('publishes before the client is subscribed', () => {
    const world = acting((made) => send(made))
    const client = subscriber(world, 'a', 't')
    publish(world, {})
    expect(messages(client)).toEqual(['t: the message'])
  })

  it('disconnects the client, whose session has the subscription', () => {
    const world = acting(({ broker }) => broker.disconnect('a'))
    subscribe(world.join('a', lasting), 't')
    publish(world, { qos: 1 })
    expect(messages(world.join('a', lasting))).toEqual(['t: the message'])
  })
})

describe('authenticate', () => {
  it('publishes to, and disconnects, the session that the client is about to resume', () => {
    let isAsked = false
    const world = hookedWorld((made) => ({
      authenticate: ({ clientId }) => {
        if (clientId === 'a' && isAsked) {
          send(made())
          made().broker.disconnect('a')
        }
        isAsked ||= clientId === 'a'
        return { admit: true }
      },
    }))
    const first = subscriber(world, 'a', 't', lasting)
    const second = world.join('a', lasting)
    expect(first.take().map(({ cmd }) => cmd)).toEqual(['publish', 'disconnect'])
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['connack', 'publish'])
  })

  it('closes the link in process that it is asked about', () => {
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
  const wantsIt = { ...lasting, properties: { sessionExpiryInterval: 100, requestResponseInformation: true } }

  it('publishes to the session that its client resumes after the CONNACK', () => {
    const world: World = makeWorld({
      responseInformation: () => {
        send(world)
        return 'prefix'
      },
    })
    subscriber(world, 'a', 't', lasting).cut()
    expect(world.join('a', wantsIt).take()).toMatchObject([
      { cmd: 'connack', properties: { responseInformation: 'prefix' } },
      { cmd: 'publish' },
    ])
  })

  it('refuses the client when it throws', async () => {
    const world = makeWorld({
      responseInformation: () => {
        throw new Error('of a hook')
      },
      authority: { authenticate: () => Promise.resolve({ admit: true }) },
    })
    const client = world.join('a', wantsIt)
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'connack', reasonCode: 0x80 }])
    const link = inProcess(world, 'b')
    await world.settle()
    expect(link.heard).toEqual(['offline'])
    expect(world.broker.sessions()).toEqual([])
  })

  it('closes the link in process that it is asked about', () => {
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
