import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Cursor,
  type QoS,
  readSubscribe,
  readUnsubscribe,
  type RequestedSubscription,
  writeSubscribe,
  writeUnsubscribe,
} from '../src/index.js'
import { packetId, runs, text, version } from './arbitraries.js'
import { hex, parsedByReference, readAll, written } from './reference.js'

const subscription: fc.Arbitrary<RequestedSubscription> = fc.record({
  filter: text.filter((value) => value !== ''),
  qos: fc.constantFrom<QoS[]>(0, 1, 2),
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2),
})
const subscriptions = fc.array(subscription, { minLength: 1, maxLength: 20 })
const identifiers = fc.option(fc.integer({ min: 1, max: 268_435_455 }), { nil: undefined })

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  it('are read back by this package and by mqtt-packet', () => {
    fc.assert(
      fc.property(subscriptions, packetId, version, identifiers, (list, id, version, identifier) => {
        const bytes = written((to) =>
          writeSubscribe(to, { packetId: id, identifier, subscriptions: list }, version),
        )
        const isV5 = version === 5
        const hasIdentifier = isV5 && identifier !== undefined
        expect(parsedByReference(bytes, version)).toMatchObject([
          {
            cmd: 'subscribe',
            messageId: id,
            subscriptions: list.map(
              ({ filter: topic, qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh }) =>
                isV5 ? { topic, qos, nl, rap, rh } : { topic, qos },
            ),
            ...(hasIdentifier && { properties: { subscriptionIdentifier: identifier } }),
          },
        ])
        const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 }
        expect(readAll([bytes], (_, body) => readSubscribe(body, version))).toEqual([
          {
            packetId: id,
            ...(hasIdentifier && { identifier }),
            subscriptions: isV5 ? list : list.map((one) => ({ ...one, ...plain })),
          },
        ])
        const filters = list.map(({ filter }) => filter)
        const other = written((to) => writeUnsubscribe(to, { packetId: id, filters }, version))
        expect(parsedByReference(other, version)).toMatchObject([
          { cmd: 'unsubscribe', messageId: id, unsubscriptions: filters },
        ])
        expect(readAll([other], (_, body) => readUnsubscribe(body, version))).toEqual([
          { packetId: id, filters },
        ])
      }),
      runs(300),
    )
  })

  it.each<[string, string, 4 | 5, string]>([
    ['Packet Identifier 0', '0000 00 000161 00', 5, 'Packet Identifier is 0 [MQTT-2.2.1-3]'],
    ['no Topic Filter', '0001 00', 5, 'no Topic Filter [MQTT-3.8.3-2]'],
    ['no Subscription Options', '0001 00 000161', 5, 'ends within a field'],
    ['reserved options', '0001 00 000161 40', 5, 'reserved Subscription Options are set [MQTT-3.8.3-5]'],
    [
      'options of MQTT 5 in 3.1.1',
      '0001 000161 04',
      4,
      'reserved Subscription Options are set [MQTT-3.8.3-5]',
    ],
    ['QoS 3', '0001 00 000161 03', 5, 'QoS is 3 [MQTT-3.8.3-5]'],
    ['Retain Handling 3', '0001 00 000161 30', 5, 'Retain Handling is 3'],
    ['Subscription Identifier 0', '0001 02 0b00 000161 00', 5, 'Subscription Identifier is 0'],
    ['two Subscription Identifiers', '0001 04 0b01 0b02 000161 00', 5, 'Identifier is sent twice'],
    ['a filter that is not UTF-8', '0001 00 0001ff 00', 5, 'not UTF-8 or contains U+0000 [MQTT-1.5.4-1]'],
    ['a filter with U+0000', '0001 00 000100 00', 5, 'contains U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]'],
  ])('SUBSCRIBE is rejected with %s', (_, body, version, text) => {
    expect(() => readSubscribe(new Cursor().open(hex(body)), version)).toThrow(text)
  })

  it.each<[string, string, string]>([
    ['Packet Identifier 0', '0000 00 000161', 'Packet Identifier is 0 [MQTT-2.2.1-3]'],
    ['no Topic Filter', '0001 00', 'no Topic Filter [MQTT-3.8.3-2] [MQTT-3.10.3-2]'],
    ['a property of SUBSCRIBE', '0001 02 0b01 000161', 'Subscription Identifier'],
  ])('UNSUBSCRIBE is rejected with %s', (_, body, text) => {
    expect(() => readUnsubscribe(new Cursor().open(hex(body)), 5)).toThrow(text)
  })
})
