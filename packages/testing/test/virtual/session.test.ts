import { describe, expect, it } from 'vitest'
import { bytes, recordingClient, textOf, startBroker } from './recording-client.js'

const persistentSession = { clientId: 'alice', clean: false, sessionExpiryInterval: 60 } as const

describe('sessions', () => {
  it('keeps subscriptions over a cut connection and delivers queued messages in order', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    alice.connect()
    settle()
    alice.subscribe('a')
    settle()
    broker.disconnect('alice')
    settle()
    for (const text of ['1', '2', '3']) broker.publish({ topic: 'a', payload: bytes(text) })
    broker.publish({ topic: 'a', payload: bytes('qos 0'), qos: 0 })
    expect(broker.session('alice')?.queued.map(textOf)).toEqual(['1', '2', '3'])
    alice.connect()
    settle()
    expect(alice.log.slice(2)).toEqual([
      'connect ! connection-lost',
      'online, session present',
      'a=1',
      'a=2',
      'a=3',
    ])
  })

  it('redelivers unacknowledged messages in order with DUP', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession), { manual: true })
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 2 })
    settle()
    for (const [index, text] of ['1', '2', '3', '4'].entries())
      broker.publish({ topic: 'a', payload: bytes(text), qos: index % 2 === 0 ? 1 : 2 })
    settle()
    alice.acknowledge[0]?.()
    alice.acknowledge[1]?.()
    settle()
    expect(broker.session('alice')?.unacknowledged.map(textOf)).toEqual(['3', '4'])
    broker.disconnect('alice')
    settle()
    alice.acknowledge[2]?.()
    alice.connect()
    settle()
    expect(alice.log.slice(-3)).toEqual(['online, session present', 'a=3 dup', 'a=4 dup'])
  })

  it('delivers an acknowledged QoS 2 message once', () => {
    const { broker, settle } = startBroker({ latency: 1 })
    const alice = recordingClient(broker.transport(persistentSession))
    alice.connect()
    settle(2)
    alice.subscribe('a', { qos: 2 })
    settle(2)
    broker.publish({ topic: 'a', payload: bytes('once'), qos: 2 })
    settle(1)
    broker.disconnect('alice')
    settle(1)
    alice.connect()
    settle(10)
    expect(alice.log.filter((line) => line.startsWith('a='))).toEqual(['a=once'])
    expect(broker.session('alice')?.unacknowledged).toEqual([])
  })

  it('resends messages that the broker did not acknowledge', () => {
    const { broker, settle } = startBroker({ latency: 1 })
    const alice = recordingClient(broker.transport(persistentSession))
    const bob = recordingClient(broker.transport())
    bob.connect()
    alice.connect()
    settle(2)
    bob.subscribe('a', { qos: 2 })
    settle(2)
    for (const qos of [1, 2] as const) alice.publish('a', `qos ${qos}`, { qos })
    settle(1)
    broker.disconnect('alice')
    settle(1)
    expect(alice.log.at(-1)).toBe('connect ! connection-lost')
    alice.connect()
    settle(10)
    expect(alice.log.slice(-3)).toEqual(['online, session present', 'pub qos 1 0', 'pub qos 2 0'])
    expect(bob.log.slice(2)).toEqual(['a=qos 1', 'a=qos 2', 'a=qos 1'])
  })

  it.each(['lost by the broker', 'expired', 'not requested'])(
    'fails messages in flight when the session was %s',
    (cause) => {
      const { broker, settle } = startBroker({ latency: 1 })
      const alice = recordingClient(
        broker.transport(
          cause === 'not requested' ? { ...persistentSession, clean: true } : persistentSession,
        ),
      )
      alice.connect()
      settle(2)
      alice.publish('a', 'x')
      broker.disconnect('alice', { session: cause === 'lost by the broker' ? 'lose' : 'keep' })
      settle(cause === 'expired' ? 60_000 : 59_000)
      alice.connect()
      settle(2)
      expect(alice.log).toEqual(['online', 'connect ! connection-lost', 'pub x ! session-lost', 'online'])
    },
  )

  it('fails publishes and subscriptions without a connection', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    alice.publish('a', 'x')
    alice.subscribe('a')
    alice.unsubscribe('a')
    alice.disconnect()
    alice.connect()
    settle()
    alice.subscribe('a')
    broker.disconnect('alice')
    settle()
    expect(alice.log).toEqual([
      'pub x ! connection-lost',
      'sub a ! connection-lost',
      'unsub a ! connection-lost',
      'disconnected',
      'online',
      'sub a ! connection-lost',
      'connect ! connection-lost',
    ])
  })

  it("sends at most the client's Receive Maximum of unacknowledged messages", () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport({ ...persistentSession, receiveMaximum: 2 }), {
      manual: true,
    })
    alice.connect()
    settle()
    alice.subscribe('a')
    settle()
    for (const text of ['1', '2', '3', '4']) broker.publish({ topic: 'a', payload: bytes(text) })
    settle()
    expect(alice.messages.map(textOf)).toEqual(['1', '2'])
    alice.acknowledge[0]?.()
    settle()
    expect(alice.messages.map(textOf)).toEqual(['1', '2', '3'])
  })

  it('disconnects a client that exceeds the Receive Maximum of the broker', () => {
    const { broker, settle } = startBroker({ limits: { receiveMaximum: 2 } })
    const alice = recordingClient(broker.transport(persistentSession))
    alice.connect()
    settle()
    for (const text of ['1', '2', '3']) alice.publish('a', text, { qos: 2 })
    settle()
    expect(alice.log).toEqual(['online', 'connect ! connection-lost 147'])
  })
})
