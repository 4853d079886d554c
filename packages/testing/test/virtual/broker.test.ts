import { describe, expect, it } from 'vitest'
import { bytes, recordingClient, startBroker } from './recording-client.js'

describe('virtualBroker', () => {
  it('acknowledges messages at every QoS, with 0x10 when no client is subscribed', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle()
    for (const qos of [0, 1, 2] as const) alice.publish('a', `unrouted ${qos}`, { qos })
    alice.subscribe('a', { qos: 2 })
    for (const qos of [0, 1, 2] as const) alice.publish('a', `routed ${qos}`, { qos })
    settle()
    expect(alice.log).toEqual([
      'online',
      'pub unrouted 0 0',
      'pub routed 0 0',
      'pub unrouted 1 16',
      'sub a [2]',
      'a=routed 0',
      'a=routed 1',
      'pub routed 1 0',
      'a=routed 2',
      'pub unrouted 2 16',
      'pub routed 2 0',
    ])
    expect(alice.messages.map(({ qos }) => qos)).toEqual([0, 1, 2])
  })

  it('delivers at the lower QoS of message and subscription', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport())
    alice.connect()
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 0 })
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), qos: 2 })
    settle()
    expect(alice.messages.map(({ qos }) => qos)).toEqual([0])
  })

  it('delays packets by the latency of their direction, in order', () => {
    const { broker, settle } = startBroker({ latency: { up: 3, down: 5 } })
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle(7)
    expect(alice.log).toEqual([])
    settle(1)
    expect(alice.log).toEqual(['online'])
    alice.publish('a', 'x')
    settle(8)
    expect(alice.log).toEqual(['online', 'pub x 16'])
  })

  it('closes the first connection of a client on its second, with 0x8E', () => {
    const { broker, settle } = startBroker()
    const [first, second] = [1, 2].map(() => recordingClient(broker.transport({ clientId: 'one' })))
    first?.connect()
    settle()
    second?.connect()
    settle()
    expect(first?.log).toEqual(['online', 'connect ! connection-lost 142'])
    expect(second?.log).toEqual(['online'])
    expect(broker.sessions()).toHaveLength(1)
  })

  it('refuses connections, subscriptions and messages with the given reason codes', () => {
    const { broker, settle } = startBroker()
    const undo = broker.refuseConnect(0x87)
    broker.refuseSubscribe('refused/#', 0x87)
    broker.refusePublish('refused/#', 0x97)
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle()
    undo()
    alice.connect()
    settle()
    alice.subscribe('refused/#')
    alice.subscribe('accepted/#')
    for (const qos of [0, 1, 2] as const) alice.publish('refused/a', `${qos}`, { qos })
    settle()
    expect(alice.log).toEqual([
      'connect ! connection-refused 135',
      'online',
      'pub 0 0',
      'sub refused/# [135]',
      'sub accepted/# [1]',
      'pub 1 151',
      'pub 2 151',
    ])
  })

  it('accepts no connection while it is down', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport({ clean: false, sessionExpiryInterval: 60 }))
    alice.connect()
    settle()
    broker.down()
    settle()
    alice.connect()
    settle()
    broker.up()
    alice.connect()
    settle()
    broker.restart({ sessions: 'lose' })
    settle()
    alice.connect()
    settle()
    expect(alice.log).toEqual([
      'online',
      'connect ! connection-lost',
      'connect ! connection-lost',
      'online, session present',
      'connect ! connection-lost',
      'online',
    ])
  })

  it('deletes the Will on DISCONNECT and publishes it on a lost connection', () => {
    const { broker, settle } = startBroker()
    const wills: string[] = []
    broker.published$.subscribe(({ message }) => wills.push(message.topic))
    const options = { will: { topic: 'will', payload: bytes('gone') } }
    const disconnecting = recordingClient(broker.transport(options))
    disconnecting.connect()
    settle()
    disconnecting.disconnect()
    settle()
    expect(disconnecting.log).toEqual(['online', 'closed', 'disconnected'])
    expect(wills).toEqual([])
    const dropping = recordingClient(broker.transport(options))
    const connection = dropping.connect()
    settle()
    connection.unsubscribe()
    settle()
    expect(wills).toEqual(['will'])
    expect(broker.sessions()).toEqual([])
  })

  it('cancels a delayed Will when the client reconnects', () => {
    const { broker, settle } = startBroker()
    const wills: string[] = []
    broker.published$.subscribe(({ message }) => wills.push(message.topic))
    const will = { topic: 'will', payload: bytes('gone'), willDelayInterval: 5 }
    const alice = recordingClient(broker.transport({ clean: false, sessionExpiryInterval: 60, will }))
    alice.connect()
    settle()
    broker.disconnect('client-1')
    settle(4_000)
    alice.connect()
    settle(10_000)
    expect(wills).toEqual([])
    broker.disconnect('client-1')
    settle(5_000)
    expect(wills).toEqual(['will'])
  })

  it('sends no properties on MQTT 3.1.1', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport({ protocolVersion: 4 }))
    alice.connect()
    settle()
    alice.subscribe('a', {}, 7)
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), contentType: 'text/plain', responseTopic: 'b' })
    alice.publish('unrouted', 'y', { responseTopic: 'b' })
    broker.refuseSubscribe('no', 0x97)
    alice.subscribe('no')
    settle()
    expect(alice.messages).toEqual([{ topic: 'a', payload: bytes('x'), qos: 1, retain: false, dup: false }])
    expect(alice.log).toEqual(['online', 'sub a [1]', 'a=x', 'pub y 0', 'sub no [128]'])
    expect(alice.connectionInfos[0]).toMatchObject({ protocolVersion: 4, subscriptionIdentifiers: false })
  })

  it('lists the subscriptions of all its sessions', () => {
    const { broker, settle } = startBroker()
    const clients = ['alice', 'bob'].map((clientId) => recordingClient(broker.transport({ clientId })))
    for (const client of clients) client.connect()
    settle()
    for (const client of clients) client.subscribe('a', { qos: 2 }, 3)
    settle()
    const subscription = { filter: 'a', qos: 2, identifier: 3 }
    expect(broker.subscriptions()).toMatchObject([
      { clientId: 'alice', ...subscription },
      { clientId: 'bob', ...subscription },
    ])
  })

  it('counts connections and packets', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle()
    alice.subscribe('a')
    alice.unsubscribe('a')
    alice.unsubscribe('b')
    settle()
    expect(alice.log).toEqual(['online', 'sub a [1]', 'unsub a [0]', 'unsub b [17]'])
    expect(broker.counts()).toEqual({
      connections: 1,
      refusedConnections: 0,
      packets: { connect: 1, connack: 1, subscribe: 1, suback: 1, unsubscribe: 2, unsuback: 2 },
    })
  })
})
