import { Subject, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type {
  ConnectVerdict,
  Authority,
  ConnectAttempt,
  PublishVerdict,
  SubscribeVerdict,
} from '../../src/authority/authority.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client } from '../world.js'

const publish = (payload: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic: 't',
  payload,
  qos: 1,
  messageId: 1,
  ...more,
})

function join(
  authority: Authority,
  options: AnyPacket = {},
): { world: ReturnType<typeof makeWorld>; client: Client; watcher: Client } {
  const world = makeWorld({ authority, ...options })
  const watcher = world.join('watcher')
  watcher.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 2 }] })
  const client = world.join('a')
  watcher.take()
  client.take()
  return { world, client, watcher }
}

const payloads = (client: Client): string[] =>
  client
    .take()
    .filter(({ cmd }) => cmd === 'publish')
    .map(({ payload }) => String(payload))

describe('authenticate', () => {
  it('passes CONNECT to authenticate and sends its reason code and Reason String', () => {
    const seen: ConnectAttempt[] = []
    const world = makeWorld({
      authority: {
        authenticate: (attempt) => {
          seen.push(attempt)
          return attempt.userName === 'u'
            ? { admit: true }
            : { admit: false, reasonCode: 0x86, reasonString: 'unknown user' }
        },
      },
    })
    expect(world.join('a', { username: 'u', password: 'p', keepalive: 7 }).first().reasonCode).toBe(0)
    expect(seen[0]).toMatchObject({
      clientId: 'a',
      protocolVersion: 5,
      userName: 'u',
      password: Buffer.from('p'),
      keepAlive: 7,
      cleanStart: true,
      sessionExpiryInterval: 0,
      step: 0,
    })
    expect(world.join('b').take()[0]).toMatchObject({
      reasonCode: 0x86,
      properties: { reasonString: 'unknown user' },
    })
    expect(world.join('b', { protocolVersion: 4 }).first().returnCode).toBe(4)
    expect(world.events).toContainEqual({
      type: 'refused',
      remoteAddress: 'test:1',
      clientId: 'b',
      reasonCode: 0x86,
      reason: 'unknown user',
    })
  })

  it('processes packets that arrive while authenticate is pending after the CONNACK', async () => {
    const response = new Subject<{ admit: true }>()
    const world = makeWorld({ authority: { authenticate: () => response } })
    const client = world.join('a')
    client.send({ cmd: 'pingreq' })
    expect(client.take()).toEqual([])
    expect(client.channel.isPaused).toBe(true)
    response.next({ admit: true })
    await world.settle()
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp'])
    expect(client.channel.isPaused).toBe(false)
  })

  it('accepts an Observable from authenticate, and refuses the client when it errors or throws', async () => {
    const world = makeWorld({
      authority: {
        authenticate: ({ clientId }) => {
          if (clientId === 'throws') throw new Error('no')
          return clientId === 'errs' ? throwError(() => new Error('no')) : of({ admit: true as const })
        },
      },
    })
    const clients = ['a', 'errs', 'throws'].map((clientId) => world.join(clientId))
    await world.settle()
    expect(clients.map((client) => client.first().reasonCode)).toEqual([0, 0x80, 0x80])
  })

  it('sends a Server Reference, and truncates or omits a Reason String that is too long', () => {
    const authenticate = (): ConnectVerdict => ({
      admit: false,
      reasonCode: 0x9c,
      reasonString: 'x'.repeat(70_000),
      serverReference: 'other:1883',
    })
    const world = makeWorld({ authority: { authenticate } })
    const { properties } = world.join('a').first()
    expect(properties).toEqual({ serverReference: 'other:1883', reasonString: 'x'.repeat(200) })
    const short = world.join('a', { properties: { maximumPacketSize: 40 } }).first()
    expect(short.properties).toEqual({ serverReference: 'other:1883' })
  })

  it('disconnects a client at expiresAt and shortens its session by sessionExpiryInterval', () => {
    const world = makeWorld({
      authority: { authenticate: () => ({ admit: true, expiresAt: 5_000, sessionExpiryInterval: 1 }) },
    })
    const client = world.join('a', { clean: false, properties: { sessionExpiryInterval: 100 } })
    expect(client.first().properties?.sessionExpiryInterval).toBe(1)
    world.advance(4_999)
    expect(client.take()).toEqual([])
    world.advance(1)
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0xa0 }])
    world.advance(1_000)
    expect(world.engine.sessions.size).toBe(0)
  })
})

describe('authorizePublish', () => {
  it('publishes, refuses or disconnects as authorizePublish decides', () => {
    const verdicts: Record<string, PublishVerdict> = {
      yes: 'allow',
      no: { refuse: 0x87 },
      disconnect: { close: 0x98 },
    }
    const { client, watcher } = join({
      authorizePublish: ({ message, client: { clientId }, isWill }) => {
        expect([clientId, isWill]).toEqual(['a', false])
        return verdicts[String(message.payload)] ?? 'allow'
      },
    })
    for (const qos of [1, 2])
      for (const payload of ['yes', 'no']) client.send(publish(payload, { qos, messageId: qos }))
    expect(client.take().map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
      ['puback', 0],
      ['puback', 0x87],
      ['pubrec', 0],
      ['pubrec', 0],
    ])
    expect(payloads(watcher)).toEqual(['yes', 'yes'])
    client.send(publish('disconnect', { messageId: 9 }))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x98 }])
  })

  it('drops a refused message of a 3.1.1 client with a plain PUBACK, and closes without PUBACK on close', () => {
    const { world } = join({
      authorizePublish: ({ message }) =>
        String(message.payload) === 'no' ? { refuse: 0x87 } : { close: 0x87 },
    })
    const v311 = world.join('v311', { protocolVersion: 4 })
    v311.take()
    v311.send(publish('no'))
    expect(v311.take()).toEqual([{ cmd: 'puback', messageId: 1 }])
    v311.send(publish('disconnect', { messageId: 2 }))
    expect(v311.take()).toEqual([])
    expect(v311.channel.isEnded).toBe(true)
  })

  it('publishes messages of one client in order while authorizePublish is pending, without delaying other clients', async () => {
    const responses = new Map<string, Subject<PublishVerdict>>()
    const { world, client, watcher } = join({
      authorizePublish: ({ message }) => {
        const payload = String(message.payload)
        if (payload === 'now') return 'allow'
        const response = new Subject<PublishVerdict>()
        responses.set(payload, response)
        return response
      },
    })
    const otherWorld = world.join('other')
    for (const [index, payload] of ['1', '2', 'now', '3'].entries())
      client.send(publish(payload, { messageId: 1 + index }))
    client.send({ cmd: 'pingreq' })
    otherWorld.send(publish('now', { qos: 0 }))
    expect(payloads(watcher)).toEqual(['now'])
    expect(client.take()).toEqual([{ cmd: 'pingresp' }])
    responses.get('3')?.next('allow')
    responses.get('2')?.next({ refuse: 0x87 })
    await world.settle()
    expect(payloads(watcher)).toEqual([])
    responses.get('1')?.next('allow')
    await world.settle()
    expect(payloads(watcher)).toEqual(['1', 'now', '3'])
    expect(client.take().map(({ messageId, reasonCode }) => [messageId, reasonCode])).toEqual([
      [1, 0],
      [2, 0x87],
      [3, 0],
      [4, 0],
    ])
  })

  it('pauses reading from a client while authorizePublish is pending for limits.undecided messages', async () => {
    const pending: Subject<PublishVerdict>[] = []
    const authorizePublish = (): Subject<PublishVerdict> => {
      pending.push(new Subject())
      return pending.at(-1) as Subject<PublishVerdict>
    }
    const { world, client, watcher } = join({ authorizePublish }, { limits: { undecided: 2 } })
    for (let index = 0; index < 5; index++) client.send(publish(`${index}`, { messageId: 1 + index }))
    expect(pending).toHaveLength(2)
    expect(client.channel.isPaused).toBe(true)
    for (let index = 0; index < 5; index++) {
      pending[index]?.next('allow')
      await world.settle()
    }
    expect(payloads(watcher)).toEqual(['0', '1', '2', '3', '4'])
    expect(client.take()).toHaveLength(5)
    expect(client.channel.isPaused).toBe(false)
  })

  it('acknowledges messages that authorizePublish takes out of order, when their reason codes arrive', async () => {
    const responses = new Map<string, Subject<number>>()
    const { world, client, watcher } = join({
      authorizePublish: ({ message }) => {
        const response = new Subject<number>()
        responses.set(String(message.payload), response)
        return { take: response }
      },
    })
    client.send(publish('1', { messageId: 1 }))
    client.send(publish('2', { messageId: 2, qos: 2 }))
    client.send(publish('3', { messageId: 3 }))
    expect(client.take()).toEqual([])
    responses.get('3')?.next(0x97)
    await world.settle()
    responses.get('1')?.next(0)
    responses.get('2')?.next(0)
    await world.settle()
    expect(client.take().map(({ cmd, messageId, reasonCode }) => [cmd, messageId, reasonCode])).toEqual([
      ['puback', 3, 0x97],
      ['puback', 1, 0],
      ['pubrec', 2, 0],
    ])
    expect(payloads(watcher)).toEqual([])
  })

  it('stops reading from a 3.1.1 client at receiveMaximum, where it disconnects an MQTT 5 client', async () => {
    const responses: Subject<number>[] = []
    const { world } = join(
      {
        authorizePublish: () => {
          responses.push(new Subject())
          return { take: responses.at(-1) as Subject<number> }
        },
      },
      { limits: { receiveMaximum: 2 } },
    )
    const v311 = world.join('v311', { protocolVersion: 4 })
    v311.take()
    for (const messageId of [1, 2, 3]) v311.send(publish('x', { messageId }))
    expect([responses.length, v311.channel.isPaused]).toEqual([2, true])
    for (const index of [0, 1, 2]) {
      responses[index]?.next(0)
      await world.settle()
    }
    expect(v311.take().map(({ messageId }) => messageId)).toEqual([1, 2, 3])
    expect(v311.channel.isPaused).toBe(false)
    const v5 = world.join('v5')
    v5.take()
    for (const messageId of [1, 2, 3]) v5.send(publish('x', { messageId }))
    expect(v5.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x93 }])
  })

  it('acknowledges messages of a 3.1.1 client in order when one waits for authorizePublish', async () => {
    const first = new Subject<PublishVerdict>()
    const { world } = join(
      { authorizePublish: ({ message }) => (String(message.payload) === '1' ? first : 'allow') },
      { limits: { receiveMaximum: 1 } },
    )
    const v311 = world.join('v311', { protocolVersion: 4 })
    v311.take()
    for (const messageId of [1, 2]) v311.send(publish(`${messageId}`, { messageId }))
    first.next('allow')
    await world.settle()
    expect(v311.take().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['puback', 1],
      ['puback', 2],
    ])
  })

  it('publishes a message that authorizePublish allows after its client disconnected', async () => {
    const response = new Subject<PublishVerdict>()
    const { world, client, watcher } = join({ authorizePublish: () => response })
    client.send(publish('1'))
    client.cut()
    response.next('allow')
    await world.settle()
    expect(payloads(watcher)).toEqual(['1'])
  })

  it('sends PUBREC for a QoS 2 message decided after a reconnect on the new connection', async () => {
    const response = new Subject<PublishVerdict>()
    const { world } = join({ authorizePublish: () => response })
    const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const first = world.join('b', persistent)
    first.send(publish('1', { qos: 2, messageId: 5 }))
    first.cut()
    const second = world.join('b', persistent)
    second.take()
    second.send(publish('1', { qos: 2, messageId: 5, dup: true }))
    response.next('allow')
    await world.settle()
    expect(second.take()).toMatchObject([{ cmd: 'pubrec', messageId: 5, reasonCode: 0 }])
  })

  it('refuses a message with 0x83 when authorizePublish throws or rejects', async () => {
    const { world, client } = join({
      authorizePublish: ({ message }) => {
        if (String(message.payload) === 'throw') throw new Error('x')
        return Promise.reject(new Error('x'))
      },
    })
    client.send(publish('throw', { messageId: 1 }))
    client.send(publish('reject', { messageId: 2 }))
    await world.settle()
    expect(client.take().map(({ reasonCode }) => reasonCode)).toEqual([0x83, 0x83])
  })
})

describe('onPublish', () => {
  it('publishes the message that onPublish returns and drops it on undefined', async () => {
    const { world, client, watcher } = join({
      onPublish: ({ message }) => {
        const payload = String(message.payload)
        if (payload === 'drop') return undefined
        if (payload === 'same') return message
        if (payload === 'later') return Promise.resolve({ ...message, payload: Buffer.from('then') })
        return {
          ...message,
          topic: 'other',
          payload: Buffer.from('changed'),
          userProperties: [['k', 'v']] as const,
        }
      },
    })
    for (const [index, payload] of ['drop', 'same', 'later', 'change'].entries()) {
      client.send(publish(payload, { messageId: 1 + index, properties: { userProperties: { a: 'b' } } }))
    }
    await world.settle()
    expect(client.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0, 0])
    expect(
      watcher
        .take()
        .map(({ topic, payload, properties }) => [topic, String(payload), { ...properties?.userProperties }]),
    ).toEqual([
      ['t', 'same', { a: 'b' }],
      ['t', 'then', { a: 'b' }],
      ['other', 'changed', { k: 'v' }],
    ])
  })
})

describe('a hook with an invalid result', () => {
  it('refuses only the message whose authorizePublish result is invalid', async () => {
    const invalidVerdict = (message: { readonly payload: Uint8Array }): never => {
      const payload = String(message.payload)
      if (payload === 'fine') return 'allow' as never
      return (payload === 'later' ? Promise.resolve(undefined) : undefined) as never
    }
    const { world, client, watcher } = join({ authorizePublish: ({ message }) => invalidVerdict(message) })
    client.send(publish('later', { messageId: 1 }))
    client.send(publish('later', { messageId: 2, qos: 0 }))
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x83 }])
    client.send(publish('now'))
    expect(client.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x83 }])
    world.join('b').send(publish('fine'))
    expect(payloads(watcher)).toEqual(['fine'])
  })

  it('refuses a message that onPublish rewrites to an invalid topic', () => {
    const { client, watcher } = join({ onPublish: ({ message }) => ({ ...message, topic: 'a/#' }) })
    client.send(publish('x'))
    expect(client.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x83 }])
    expect(payloads(watcher)).toEqual([])
  })

  it('refuses CONNECT and SUBSCRIBE when authenticate or authorizeSubscribe returns an invalid result', async () => {
    const world = makeWorld({ authority: { authenticate: () => undefined as never } })
    expect(world.join('a').take()).toMatchObject([{ cmd: 'connack', reasonCode: 0x80 }])
    for (const verdict of [undefined, Promise.resolve(undefined)]) {
      const { world: otherWorld, client } = join({
        authorizeSubscribe: ({ client: { clientId } }) => (clientId === 'a' ? (verdict as never) : 'allow'),
      })
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] })
      await otherWorld.settle()
      expect(client.take()).toMatchObject([{ cmd: 'suback', granted: [0x83] }])
    }
  })
})

describe('authorizeSubscribe', () => {
  const subscribe = (...filters: string[]): AnyPacket => ({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: filters.map((topic) => ({ topic, qos: 2 })),
  })

  it('grants, lowers or refuses each filter as authorizeSubscribe decides', () => {
    const verdicts: Record<string, SubscribeVerdict> = {
      all: 'allow',
      less: { maximumQoS: 0 },
      no: { refuse: 0x87 },
    }
    const counts: number[] = []
    const { client, world } = join({
      authorizeSubscribe: ({ filter, client: { clientId }, subscriptionCount, isReplacement }) => {
        if (clientId === 'a') counts.push(subscriptionCount, Number(isReplacement))
        return verdicts[filter] ?? 'allow'
      },
    })
    client.send(subscribe('all', 'less', 'no'))
    expect(client.take()).toMatchObject([{ cmd: 'suback', granted: [2, 0, 0x87] }])
    client.send(subscribe('all'))
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 2, 1])
    const v311 = world.join('v311', { protocolVersion: 4 })
    v311.take()
    v311.send(subscribe('no', 'all'))
    expect(v311.take()).toMatchObject([{ granted: [0x80, 2] }])
  })

  it('processes packets that arrive while authorizeSubscribe is pending after the SUBACK', async () => {
    const response = new Subject<SubscribeVerdict>()
    const { world, client } = join({
      authorizeSubscribe: ({ filter }) => {
        if (filter === 'throw') throw new Error('x')
        return filter === 'slow' ? response : 'allow'
      },
    })
    client.send(subscribe('fast', 'slow', 'throw'))
    client.send({ cmd: 'pingreq' })
    expect(client.take()).toEqual([])
    response.next({ maximumQoS: 1 })
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'suback', granted: [2, 1, 0x83] }, { cmd: 'pingresp' }])
  })
})
