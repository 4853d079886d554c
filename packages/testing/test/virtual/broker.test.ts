import { describe, expect, it } from 'vitest'
import { bytes, client, world } from './client.js'

describe('virtualBroker', () => {
  it('says the acknowledgement of each quality of service, and 0x10 when nobody is subscribed', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport())
    alice.connect()
    settle()
    for (const qos of [0, 1, 2] as const) alice.publish('a', `nobody ${qos}`, { qos })
    alice.subscribe('a', { qos: 2 })
    for (const qos of [0, 1, 2] as const) alice.publish('a', `me ${qos}`, { qos })
    settle()
    expect(alice.log).toEqual([
      'online',
      'pub nobody 0 0',
      'pub me 0 0',
      'pub nobody 1 16',
      'sub a [2]',
      'a=me 0',
      'a=me 1',
      'pub me 1 0',
      'a=me 2',
      'pub nobody 2 16',
      'pub me 2 0',
    ])
    expect(alice.messages.map(({ qos }) => qos)).toEqual([0, 1, 2])
  })

  it('delivers at the lower of both qualities of service', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport())
    alice.connect()
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 0 })
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), qos: 2 })
    settle()
    expect(alice.messages.map(({ qos }) => qos)).toEqual([0])
  })

  it('takes the latency of each direction and keeps order', () => {
    const { broker, settle } = world({ latency: { up: 3, down: 5 } })
    const alice = client(broker.transport())
    alice.connect()
    settle(7)
    expect(alice.log).toEqual([])
    settle(1)
    expect(alice.log).toEqual(['online'])
    alice.publish('a', 'x')
    settle(8)
    expect(alice.log).toEqual(['online', 'pub x 16'])
  })

  it('ends the first connection of a client for its second, with 0x8E', () => {
    const { broker, settle } = world()
    const [first, second] = [1, 2].map(() => client(broker.transport({ clientId: 'one' })))
    first?.connect()
    settle()
    second?.connect()
    settle()
    expect(first?.log).toEqual(['online', 'connect ! connection-lost 142'])
    expect(second?.log).toEqual(['online'])
    expect(broker.sessions()).toHaveLength(1)
  })

  it('refuses what it is told to refuse', () => {
    const { broker, settle } = world()
    const undo = broker.refuseConnect(0x87)
    broker.refuseSubscribe('secret/#', 0x87)
    broker.refusePublish('secret/#', 0x97)
    const alice = client(broker.transport())
    alice.connect()
    settle()
    undo()
    alice.connect()
    settle()
    alice.subscribe('secret/#')
    alice.subscribe('open/#')
    for (const qos of [0, 1, 2] as const) alice.publish('secret/a', `${qos}`, { qos })
    settle()
    expect(alice.log).toEqual([
      'connect ! connection-refused 135',
      'online',
      'pub 0 0',
      'sub secret/# [135]',
      'sub open/# [1]',
      'pub 1 151',
      'pub 2 151',
    ])
  })

  it('is away while it is down', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport({ clean: false, sessionExpiryInterval: 60 }))
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

  it('says farewell and forgets the will, or publishes it', () => {
    const { broker, settle } = world()
    const wills: string[] = []
    broker.published$.subscribe(({ message }) => wills.push(message.topic))
    const options = { will: { topic: 'will', payload: bytes('gone') } }
    const polite = client(broker.transport(options))
    polite.connect()
    settle()
    polite.bye()
    settle()
    expect(polite.log).toEqual(['online', 'gone', 'bye'])
    expect(wills).toEqual([])
    const rude = client(broker.transport(options))
    const connection = rude.connect()
    settle()
    connection.unsubscribe()
    settle()
    expect(wills).toEqual(['will'])
    expect(broker.sessions()).toEqual([])
  })

  it('cancels a delayed will when the client comes back', () => {
    const { broker, settle } = world()
    const wills: string[] = []
    broker.published$.subscribe(({ message }) => wills.push(message.topic))
    const will = { topic: 'will', payload: bytes('gone'), willDelayInterval: 5 }
    const alice = client(broker.transport({ clean: false, sessionExpiryInterval: 60, will }))
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

  it('carries no properties on 3.1.1', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport({ protocolVersion: 4 }))
    alice.connect()
    settle()
    alice.subscribe('a', {}, 7)
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), contentType: 'text/plain', responseTopic: 'b' })
    alice.publish('nobody', 'y', { responseTopic: 'b' })
    broker.refuseSubscribe('no', 0x97)
    alice.subscribe('no')
    settle()
    expect(alice.messages).toEqual([{ topic: 'a', payload: bytes('x'), qos: 1, retain: false, dup: false }])
    expect(alice.log).toEqual(['online', 'sub a [1]', 'a=x', 'pub y 0', 'sub no [128]'])
    expect(alice.grants[0]).toMatchObject({ protocolVersion: 4, subscriptionIdentifiers: false })
  })

  it('tells the subscriptions of all its sessions', () => {
    const { broker, settle } = world()
    const clients = ['alice', 'bob'].map((clientId) => client(broker.transport({ clientId })))
    for (const one of clients) one.connect()
    settle()
    for (const one of clients) one.subscribe('a', { qos: 2 }, 3)
    settle()
    const subscription = { filter: 'a', qos: 2, identifier: 3 }
    expect(broker.subscriptions()).toMatchObject([
      { clientId: 'alice', ...subscription },
      { clientId: 'bob', ...subscription },
    ])
  })

  it('counts connections and packets', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport())
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
