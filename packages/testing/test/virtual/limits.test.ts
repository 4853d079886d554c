import { AntiphonError, type OutgoingMessage } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import type { VirtualBrokerLimits } from '../../src/index.js'
import { bytes, client, world, type Client } from './client.js'

/** What a client can ask for that a broker of these limits refuses. */
const refused: Readonly<
  Record<string, [limits: Partial<VirtualBrokerLimits>, act: (one: Client) => void, told: string]>
> = {
  'a filter that is none': [{}, (one) => one.subscribe('a/#/b'), 'sub a/#/b [143]'],
  'a shared filter': [
    { sharedSubscriptions: false },
    (one) => one.subscribe('$share/g/a'),
    'sub $share/g/a [158]',
  ],
  'a wildcard': [{ wildcardSubscriptions: false }, (one) => one.subscribe('a/+'), 'sub a/+ [162]'],
  'an identifier': [
    { subscriptionIdentifiers: false },
    (one) => one.subscribe('a', {}, 7),
    'connect ! connection-lost 161',
  ],
  'a topic that is none': [{}, (one) => one.publish('a/+', 'x'), 'connect ! connection-lost 144'],
  'QoS 2': [{ maximumQoS: 1 }, (one) => one.publish('a', 'x', { qos: 2 }), 'connect ! connection-lost 155'],
  'a message to retain': [
    { retainAvailable: false },
    (one) => one.publish('a', 'x', { retain: true }),
    'connect ! connection-lost 154',
  ],
}

describe('the limits of a virtual broker', () => {
  it.each(Object.entries(refused))('refuse %s', (_, [limits, act, told]) => {
    const { broker, settle } = world({ limits })
    const alice = client(broker.transport())
    alice.connect()
    settle()
    expect(alice.grants[0]).toMatchObject(limits)
    act(alice)
    settle()
    expect(alice.log.at(-1)).toBe(told)
  })

  it('grant no more than the maximum QoS', () => {
    const { broker, settle } = world({ limits: { maximumQoS: 1 } })
    const alice = client(broker.transport())
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 2 })
    settle()
    broker.publish({ topic: 'a', payload: bytes('x'), qos: 2 })
    settle()
    expect(alice.log.slice(1)).toEqual(['sub a [1]', 'a=x'])
    expect(alice.messages[0]?.qos).toBe(1)
  })

  it.each<[code: string, limits: Partial<VirtualBrokerLimits>, message: Partial<OutgoingMessage>]>([
    ['too-large', { maximumPacketSize: 100 }, { payload: new Uint8Array(100) }],
    ['publish-refused', { maximumQoS: 1 }, { qos: 2 }],
    ['publish-refused', { retainAvailable: false }, { retain: true }],
  ])('reach a link as %s before anything is sent', (code, limits, message) => {
    const { broker, settle } = world({ limits })
    const link = broker.link()
    const told: unknown[] = []
    link.publish$({ topic: 'a', payload: bytes('x'), ...message }).subscribe({
      error: (error: unknown) => told.push(AntiphonError.from(error).code, AntiphonError.from(error).phase),
    })
    settle()
    expect(told).toEqual([code, 'before-network'])
    expect(broker.counts().packets.publish).toBeUndefined()
  })

  it.each([
    [0x9e, '$share/g/a', { sharedSubscriptions: false }],
    [0xa2, 'a/#', { wildcardSubscriptions: false }],
  ] as const)('reach a link as the reason %i of a refusal', (reasonCode, filter, limits) => {
    const { broker, settle } = world({ limits })
    const told: AntiphonError[] = []
    broker
      .link()
      .messages$(filter)
      .subscribe({ error: (error: unknown) => told.push(AntiphonError.from(error)) })
    settle()
    expect(told).toMatchObject([{ code: 'subscribe-refused', reasonCode, topic: filter }])
  })
})
