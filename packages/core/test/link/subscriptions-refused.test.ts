import { describe, expect, it } from 'vitest'
import { subscriptionsSetting } from './subscriptions-setting.js'

describe('Subscriptions after a refusal', () => {
  it.each([0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2, 0x03])(
    'fails all subscribers on reason code %s and sends SUBSCRIBE for a later one',
    (code) => {
      const { online, watch, takePackets, suback, receive, incidents } = subscriptionsSetting()
      online()
      const all = [watch('a'), watch('a')]
      suback(code)
      for (const { log, errors } of all) {
        expect(log).toEqual(['subscribe-refused'])
        expect(errors[0]).toMatchObject({ reasonCode: code, topic: 'a', phase: 'after-network' })
      }
      receive('a', '1')
      expect(incidents).toMatchObject([{ kind: 'unroutable' }])
      takePackets()
      const again = watch('a')
      expect(takePackets()).toEqual(['+a #1'])
      suback()
      expect(again.log).toEqual(['open'])
    },
  )

  it('treats a missing reason code as a refusal', () => {
    const { online, watch, transport } = subscriptionsSetting()
    online()
    const { errors } = watch('a')
    transport.subscribed[0]?.subscriber.next([])
    expect(errors).toMatchObject([{ code: 'subscribe-refused', reasonCode: 0x80 }])
  })

  it('opens the other filters of the same SUBSCRIBE', () => {
    const { online, watch, suback } = subscriptionsSetting()
    const all = [watch('a'), watch('b'), watch('c')]
    online()
    suback(1, 0x87, 0)
    expect(all.map(({ log }) => log)).toEqual([['open'], ['subscribe-refused'], ['open']])
  })

  it.each([
    ['$share/g/a', { sharedSubscriptions: false }, 0x9e],
    ['a/+', { wildcardSubscriptions: false }, 0xa2],
    ['#', { wildcardSubscriptions: false }, 0xa2],
    ['$share/g/a/#', { sharedSubscriptions: false, wildcardSubscriptions: false }, 0x9e],
  ])('fails %s without a packet if CONNACK rules it out', (filter, limits, code) => {
    const { online, watch, takePackets, calls } = subscriptionsSetting()
    const early = watch(filter)
    online(limits)
    const late = watch(filter)
    for (const { log, errors } of [early, late]) {
      expect(log).toEqual(['subscribe-refused'])
      expect(errors[0]).toMatchObject({ reasonCode: code, topic: filter, phase: 'before-network' })
    }
    expect(calls).toEqual(['open', 'ready', 'open'])
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('sends no UNSUBSCRIBE if the transport rejects SUBSCRIBE', () => {
    const { online, watch, takePackets, transport } = subscriptionsSetting()
    online()
    watch('a')
    transport.subscribed[0]?.subscriber.error(new RangeError('too many'))
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('fails with the error of the transport and subscribes again for a later subscriber', () => {
    const { online, watch, takePackets, suback, transport, calls } = subscriptionsSetting()
    const again: string[][] = []
    const watched = watch('a', { onEnd: () => again.push(watch('a').log) })
    online()
    transport.subscribed[0]?.subscriber.error(new RangeError('too many'))
    expect(watched.errors).toMatchObject([{ code: 'unknown', rawMessage: 'too many' }])
    expect(takePackets()).toEqual(['+a #1', '+a #1'])
    expect(calls).toContain('ready')
    suback()
    expect(again).toEqual([['open']])
  })
})

describe('Subscriptions with invalid arguments', () => {
  it.each([
    ['', {}],
    ['a/#/b', {}],
    ['$share/g', {}],
    ['$share/g/a', { noLocal: true }],
  ])('rejects filter %j with %j before any packet, without opening the link', (filter, options) => {
    const { online, watch, takePackets, calls } = subscriptionsSetting()
    online()
    calls.length = 0
    const { log, errors } = watch(filter, options)
    expect(log).toEqual(['invalid-argument'])
    expect(errors[0]?.phase).toBe('before-network')
    expect([takePackets(), calls]).toEqual([[], []])
  })

  it.each([
    [{}, { qos: 2 }, /qos 1 and qos 2/],
    [{ retainHandling: 1 }, { retainHandling: 2 }, /retainHandling 1 and retainHandling 2/],
    [{ noLocal: true }, {}, /noLocal true and noLocal false/],
    [{}, { retainAsPublished: true }, /retainAsPublished false and retainAsPublished true/],
  ] as const)('rejects options %j then %j on one filter while it has subscribers', (first, second, rule) => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    const earlier = watch('a', first)
    const later = watch('a', second)
    expect(later.log).toEqual(['invalid-argument'])
    expect(later.errors[0]?.message).toMatch(rule)
    suback()
    expect(watch('a', second).log).toEqual(['invalid-argument'])
    earlier.unsubscribe()
    takePackets()
    const third = watch('a', second)
    unsuback()
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    expect(third.log).toEqual(['open'])
  })
})
