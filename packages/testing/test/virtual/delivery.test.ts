import { describe, expect, it } from 'vitest'
import type { VirtualBroker } from '../../src/index.js'
import { bytes, recordingClient, textOf, startBroker, type RecordingClient } from './recording-client.js'

function connectedClient(
  broker: VirtualBroker,
  clientId: string,
  settle: () => void,
  manual = false,
): RecordingClient {
  const client = recordingClient(broker.transport({ clientId, clean: false, sessionExpiryInterval: 60 }), {
    manual,
  })
  client.connect()
  settle()
  return client
}

describe('message delivery', () => {
  it('stores retained messages and sends them according to Retain Handling', () => {
    const { broker, settle } = startBroker()
    const alice = connectedClient(broker, 'alice', settle)
    const retain = true
    broker.publish({ topic: 'a/1', payload: bytes('old'), retain })
    broker.publish({ topic: 'a/1', payload: bytes('new'), retain })
    broker.publish({ topic: 'a/2', payload: bytes('gone'), retain })
    broker.publish({ topic: 'a/2', payload: bytes(''), retain })
    expect(broker.retained().map(textOf)).toEqual(['new'])
    alice.subscribe('a/+', { retainHandling: 2 })
    alice.subscribe('a/+', { retainHandling: 1 })
    settle()
    expect(alice.messages).toEqual([])
    alice.subscribe('a/+', { retainHandling: 0 })
    alice.subscribe('#', { retainHandling: 1 })
    alice.subscribe('$share/g/a/1')
    settle()
    expect(alice.log.slice(-5)).toEqual([
      'sub a/+ [1]',
      'a/1=new retained',
      'sub # [1]',
      'a/1=new retained',
      'sub $share/g/a/1 [1]',
    ])
  })

  it('keeps the RETAIN flag only with Retain As Published', () => {
    const { broker, settle } = startBroker()
    const alice = connectedClient(broker, 'alice', settle)
    alice.subscribe('plain')
    alice.subscribe('kept', { retainAsPublished: true })
    settle()
    for (const topic of ['plain', 'kept']) broker.publish({ topic, payload: bytes('x'), retain: true })
    settle()
    expect(alice.log.slice(-2)).toEqual(['plain=x', 'kept=x retained'])
  })

  it('omits messages of the client itself with No Local', () => {
    const { broker, settle } = startBroker()
    const alice = connectedClient(broker, 'alice', settle)
    alice.subscribe('a', { noLocal: true })
    alice.publish('a', 'mine')
    settle()
    broker.publish({ topic: 'a', payload: bytes('theirs') })
    settle()
    alice.subscribe('$share/g/a', { noLocal: true })
    settle()
    expect(alice.log.slice(1)).toEqual([
      'sub a [1]',
      'pub mine 16',
      'a=theirs',
      'sub $share/g/a ! connection-lost',
      'connect ! connection-lost 130',
    ])
  })

  it.each([
    ['once', [[1, 2]]],
    ['each', [[1], [2]]],
  ] as const)('sends a message for overlapping subscriptions %s', (overlap, identifiers) => {
    const { broker, settle } = startBroker({ overlap })
    const alice = connectedClient(broker, 'alice', settle)
    alice.subscribe('a/#', {}, 1)
    alice.subscribe('+/b', { qos: 2 }, 2)
    alice.subscribe('other', {}, 3)
    settle()
    broker.publish({ topic: 'a/b', payload: bytes('x'), qos: 2 })
    settle()
    expect(alice.messages.map(({ subscriptionIdentifiers }) => subscriptionIdentifiers)).toEqual(identifiers)
    expect(alice.messages.at(-1)?.qos).toBe(2)
  })

  it('reduces the expiry of queued messages and drops expired ones', () => {
    const { broker, settle } = startBroker()
    const alice = connectedClient(broker, 'alice', settle)
    alice.subscribe('a')
    settle()
    broker.disconnect('alice')
    broker.publish({ topic: 'a', payload: bytes('short'), messageExpiryInterval: 2 })
    broker.publish({ topic: 'a', payload: bytes('long'), messageExpiryInterval: 10 })
    broker.publish({ topic: 'r', payload: bytes('retained'), messageExpiryInterval: 2, retain: true })
    settle(2_500)
    expect(broker.retained()).toEqual([])
    alice.connect()
    settle()
    expect(alice.messages.map((message) => [textOf(message), message.messageExpiryInterval])).toEqual([
      ['long', 8],
    ])
  })

  it('matches no $-topics by a leading wildcard', () => {
    const { broker, settle } = startBroker()
    const alice = connectedClient(broker, 'alice', settle)
    for (const filter of ['#', '+/x', '$SYS/#']) alice.subscribe(filter)
    settle()
    broker.publish({ topic: '$SYS/x', payload: bytes('x') })
    settle()
    expect(alice.messages).toHaveLength(1)
  })
})

describe('shared groups', () => {
  it('takes turns among its members, beside ordinary subscriptions', () => {
    const { broker, settle } = startBroker()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => connectedClient(broker, name, settle))
    a?.subscribe('$share/g/t/+')
    b?.subscribe('$share/g/t/+')
    c?.subscribe('t/1')
    settle()
    for (const text of ['1', '2', '3', '4']) broker.publish({ topic: 't/1', payload: bytes(text) })
    settle()
    expect(a?.messages.map(textOf)).toEqual(['1', '3'])
    expect(b?.messages.map(textOf)).toEqual(['2', '4'])
    expect(c?.messages.map(textOf)).toEqual(['1', '2', '3', '4'])
  })

  it('skips offline members and redelivers their unacknowledged messages to others', () => {
    const { broker, settle } = startBroker()
    const [a, b] = ['a', 'b'].map((name) => connectedClient(broker, name, settle, true))
    a?.subscribe('$share/g/t')
    b?.subscribe('$share/g/t')
    settle()
    for (const text of ['1', '2', '3']) broker.publish({ topic: 't', payload: bytes(text) })
    settle()
    expect(a?.messages.map(textOf)).toEqual(['1', '3'])
    a?.acknowledge[0]?.()
    settle()
    broker.disconnect('a')
    settle()
    broker.publish({ topic: 't', payload: bytes('4') })
    settle()
    expect(b?.messages.map(textOf)).toEqual(['2', '3', '4'])
    a?.connect()
    settle()
    expect(a?.messages.map(textOf)).toEqual(['1', '3'])
  })

  it('queues messages while all members are offline, for the first that reconnects', () => {
    const { broker, settle } = startBroker()
    const [a, b] = ['a', 'b'].map((name) => connectedClient(broker, name, settle, true))
    a?.subscribe('$share/g/t')
    b?.subscribe('$share/g/t')
    settle()
    broker.publish({ topic: 't', payload: bytes('unacknowledged') })
    settle()
    broker.disconnect('b')
    broker.disconnect('a')
    broker.publish({ topic: 't', payload: bytes('queued') })
    settle()
    b?.connect()
    settle()
    expect(b?.messages.map(textOf)).toEqual(['unacknowledged', 'queued'])
  })

  it('redelivers messages of a member whose session ends, and of one that unsubscribes once it disconnects', () => {
    const { broker, settle } = startBroker()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => connectedClient(broker, name, settle, true))
    for (const member of [a, b, c]) member?.subscribe('$share/g/t')
    settle()
    for (const text of ['1', '2', '3']) broker.publish({ topic: 't', payload: bytes(text) })
    settle()
    a?.unsubscribe('$share/g/t')
    broker.disconnect('b', { session: 'lose' })
    settle()
    // Deliveries that have begun are completed after UNSUBSCRIBE [MQTT-3.10.4-3].
    expect(c?.messages.map(textOf)).toEqual(['3'])
    broker.disconnect('a')
    settle()
    expect(c?.messages.map(textOf).sort()).toEqual(['1', '2', '3'])
  })
})
