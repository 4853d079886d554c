import { AntiphonError, type OutgoingMessage } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import type { VirtualBrokerLimits } from '../../src/index.js'
import { bytes, recordingClient, startBroker, type RecordingClient } from './recording-client.js'

/** Packets that a broker with these limits refuses. */
const refusedPackets: Readonly<
  Record<string, [limits: Partial<VirtualBrokerLimits>, act: (client: RecordingClient) => void, told: string]>
> = {
  'an invalid filter': [{}, (client) => client.subscribe('a/#/b'), 'sub a/#/b [143]'],
  'a shared filter': [
    { sharedSubscriptions: false },
    (client) => client.subscribe('$share/g/a'),
    'sub $share/g/a [158]',
  ],
  'a wildcard filter': [
    { wildcardSubscriptions: false },
    (client) => client.subscribe('a/+'),
    'sub a/+ [162]',
  ],
  'a Subscription Identifier': [
    { subscriptionIdentifiers: false },
    (client) => client.subscribe('a', {}, 7),
    'connect ! connection-lost 161',
  ],
  'an invalid topic': [{}, (client) => client.publish('a/+', 'x'), 'connect ! connection-lost 144'],
  'QoS 2': [
    { maximumQoS: 1 },
    (client) => client.publish('a', 'x', { qos: 2 }),
    'connect ! connection-lost 155',
  ],
  'a retained message': [
    { retainAvailable: false },
    (client) => client.publish('a', 'x', { retain: true }),
    'connect ! connection-lost 154',
  ],
}

describe('the limits of a virtual broker', () => {
  it.each(Object.entries(refusedPackets))(
    'refuses %s according to the broker limits',
    (_, [limits, send, expectedLine]) => {
      const { broker, settle } = startBroker({ limits })
      const alice = recordingClient(broker.transport())
      alice.connect()
      settle()
      expect(alice.connectionInfos[0]).toMatchObject(limits)
      send(alice)
      settle()
      expect(alice.log.at(-1)).toBe(expectedLine)
    },
  )

  it('grants at most the Maximum QoS', () => {
    const { broker, settle } = startBroker({ limits: { maximumQoS: 1 } })
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 2 })
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), qos: 2 })
    settle()
    expect(alice.log.slice(1)).toEqual(['sub a [1]', 'a=x'])
    expect(alice.messages[0]?.qos).toBe(1)
  })

  it('refuses filters and lowers the granted QoS by limits that change later', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport())
    alice.connect()
    settle()
    broker.setLimits({ sharedSubscriptions: false, wildcardSubscriptions: false, maximumQoS: 0 })
    for (const filter of ['$share/g/a', 'a/+', 'a']) alice.subscribe(filter)
    settle()
    expect(alice.log.slice(1)).toEqual(['sub $share/g/a [158]', 'sub a/+ [162]', 'sub a [0]'])
  })

  it.each<[code: string, limits: Partial<VirtualBrokerLimits>, message: Partial<OutgoingMessage>]>([
    ['too-large', { maximumPacketSize: 100 }, { payload: new Uint8Array(100) }],
    ['publish-refused', { maximumQoS: 1 }, { qos: 2 }],
    ['publish-refused', { retainAvailable: false }, { retain: true }],
  ])('fails a publish of a link with %s before sending a packet', (code, limits, message) => {
    const { broker, settle } = startBroker({ limits })
    const link = broker.link()
    const failures: unknown[] = []
    link.publish$({ topic: 'a', payload: bytes('x'), ...message }).subscribe({
      error: (error: unknown) =>
        failures.push(AntiphonError.from(error).code, AntiphonError.from(error).phase),
    })
    settle()
    expect(failures).toEqual([code, 'before-network'])
    expect(broker.counts().packets.publish).toBeUndefined()
  })

  it.each([
    [0x9e, '$share/g/a', { sharedSubscriptions: false }],
    [0xa2, 'a/#', { wildcardSubscriptions: false }],
  ] as const)('fails a subscription of a link with reason code %i', (reasonCode, filter, limits) => {
    const { broker, settle } = startBroker({ limits })
    const failures: AntiphonError[] = []
    broker
      .link()
      .messages$(filter)
      .subscribe({ error: (error: unknown) => failures.push(AntiphonError.from(error)) })
    settle()
    expect(failures).toMatchObject([{ code: 'subscribe-refused', reasonCode, topic: filter }])
  })
})
