import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

const resumed = { sessionPresent: true }

describe('Negotiation on the next connection', () => {
  it('keeps all windows and sends no SUBSCRIBE in the same session', () => {
    const { online, offline, watch, suback, takePackets, receive, calls } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    takePackets()
    calls.length = 0
    offline()
    online(resumed)
    receive('a', 'x')
    expect(watched.log).toEqual(['open', 'x'])
    expect([takePackets(), calls]).toEqual([[], ['ready']])
  })

  it('closes all windows after a lost session and opens new ones on SUBACK', () => {
    const { online, offline, watch, suback, takePackets, receive, calls } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    takePackets()
    calls.length = 0
    offline()
    expect(watched.log).toEqual(['open'])
    online()
    expect(watched.log).toEqual(['open', 'closed'])
    expect([takePackets(), calls]).toEqual([['+a #1'], []])
    suback()
    receive('a', 'x')
    expect(watched.log).toEqual(['open', 'closed', 'open', 'x'])
    expect(calls).toEqual(['ready'])
  })

  it('reopens all windows in a session that may be another, and unsubscribes unwanted filters', () => {
    const { online, offline, watch, suback, unsuback, takePackets, receive } = subscriptionsSetting()
    online()
    const [watched, abandoned] = [watch('a'), watch('b')]
    suback()
    suback()
    offline()
    abandoned.unsubscribe()
    watch('c').unsubscribe()
    takePackets()
    online(resumed, false)
    expect(watched.log).toEqual(['open', 'closed'])
    expect(takePackets()).toEqual(['+a #1', '-b'])
    suback()
    unsuback()
    receive('a', 'x')
    expect(watched.log).toEqual(['open', 'closed', 'open', 'x'])
    expect(takePackets()).toEqual([])
  })

  it('calls onReady once, after every SUBACK including refusals', () => {
    const { online, watch, suback, calls } = subscriptionsSetting({ filtersPerSubscribe: 1 })
    for (const filter of ['a', 'b', 'c']) watch(filter)
    calls.length = 0
    online()
    suback()
    suback(0x87)
    expect(calls).toEqual([])
    suback()
    expect(calls).toEqual(['ready'])
    watch('d')
    suback()
    expect(calls).toEqual(['ready', 'open'])
  })

  it('calls onReady without waiting for UNSUBACK', () => {
    const { online, offline, watch, suback, takePackets, calls } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    offline()
    watched.unsubscribe()
    calls.length = 0
    takePackets()
    online(resumed)
    expect([takePackets(), calls]).toEqual([['-a'], ['ready']])
  })

  it('unsubscribes filters abandoned while offline only if the session was kept', () => {
    for (const isKept of [true, false]) {
      const { online, offline, watch, suback, takePackets, unsuback } = subscriptionsSetting()
      online()
      const watched = watch('a')
      suback()
      offline()
      watched.unsubscribe()
      takePackets()
      online({ sessionPresent: isKept })
      expect(takePackets()).toEqual(isKept ? ['-a'] : [])
      if (isKept) unsuback()
      offline()
      online(resumed)
      expect(takePackets()).toEqual([])
    }
  })

  it('opens a window for a filter abandoned and wanted again while offline', () => {
    for (const isKept of [true, false]) {
      const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
      online()
      const watched = watch('a')
      suback()
      offline()
      watched.unsubscribe()
      const again = watch('a', { qos: 2 })
      takePackets()
      online({ sessionPresent: isKept })
      expect(takePackets()).toEqual(['+a #1'])
      receive('a', 'early')
      suback()
      receive('a', 'x')
      expect(again.log).toEqual(['open', 'early', 'x'])
      expect(again.windows).toMatchObject([{ grantedQoS: 2 }])
    }
  })
})

describe('Negotiation of a subscription that the broker may still have', () => {
  it('unsubscribes after a refused SUBSCRIBE, because the broker may keep the earlier subscription', () => {
    const { online, offline, watch, suback, unsuback, takePackets } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    offline()
    const again = watch('a')
    online(resumed)
    takePackets()
    suback(0x87)
    expect(again.log).toEqual(['subscribe-refused'])
    expect(takePackets()).toEqual(['-a'])
    unsuback()
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('does not unsubscribe after a refusal if a subscriber comes during its error callback', () => {
    const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    offline()
    watched.unsubscribe()
    const inner: string[][] = []
    watch('a', { onEnd: () => inner.push(watch('a').log) })
    watch('a')
    online(resumed)
    takePackets()
    suback(0x87)
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    receive('a', 'x')
    expect(inner).toEqual([['open', 'x']])
  })

  it('unsubscribes after a refusal although no subscriber waits for it any more', () => {
    const { online, offline, watch, suback, takePackets, receive, incidents } = subscriptionsSetting()
    online()
    const [watched, fresh] = [watch('a'), watch('b')]
    suback()
    watched.unsubscribe()
    fresh.unsubscribe()
    suback(0x87)
    receive('b', 'unroutable')
    expect(incidents).toHaveLength(1)
    offline()
    const again = watch('a')
    online(resumed)
    again.unsubscribe()
    takePackets()
    suback(0x87)
    expect(takePackets()).toEqual(['-a'])
  })

  it('subscribes again for a later subscriber if the transport rejects UNSUBSCRIBE', () => {
    const { online, watch, suback, takePackets, transport } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    const again = watch('a')
    takePackets()
    transport.unsubscribed[0]?.subscriber.error(failure('overflow'))
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    expect(again.log).toEqual(['open'])
  })

  it('drops the subscription if the transport rejects UNSUBSCRIBE', () => {
    const { online, watch, suback, takePackets, transport } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    takePackets()
    transport.unsubscribed[0]?.subscriber.error(failure('overflow'))
    expect(takePackets()).toEqual([])
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })
})

describe('Negotiation batches', () => {
  it('sends overlapping filters in separate packets, each with its own Subscription Identifier', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    for (const filter of ['a/1', 'a/2', 'a/+', 'b', '#', 'c/#', 'a/3']) watch(filter)
    online()
    expect(takePackets()).toEqual(['+a/1,a/2,b,c/#,a/3 #1', '+a/+ #2', '+# #3'])
  })

  it('sends all filters in one packet if the broker has no Subscription Identifiers', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    for (const filter of ['a/1', 'a/+', '#']) watch(filter)
    online({ subscriptionIdentifiers: false })
    expect(takePackets()).toEqual(['+a/1,a/+,#'])
  })

  it('sends at most filtersPerSubscribe filters in a packet', () => {
    const { online, offline, watch, suback, takePackets } = subscriptionsSetting({ filtersPerSubscribe: 2 })
    const all = ['a', 'b', 'c', 'd', 'e'].map((filter) => watch(filter))
    online()
    expect(takePackets()).toEqual(['+a,b #1', '+c,d #1', '+e #1'])
    for (let count = 0; count < 3; count++) suback()
    offline()
    for (const watched of all) watched.unsubscribe()
    online(resumed)
    expect(takePackets()).toEqual(['-a,b', '-c,d', '-e'])
  })

  it('gives a filter the lowest identifier that no overlapping filter has', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    watch('a/b')
    const wide = watch('a/#')
    watch('+/b')
    watch('c')
    expect(takePackets()).toEqual(['+a/b #1', '+a/# #2', '++/b #3', '+c #1'])
    for (let count = 0; count < 4; count++) suback()
    wide.unsubscribe()
    unsuback()
    takePackets()
    watch('a/c')
    watch('$share/g/a/b')
    expect(takePackets()).toEqual(['+a/c #1', '+$share/g/a/b #2'])
  })

  it('includes subscriptions changed in the complete callback of a window', () => {
    const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
    online()
    const inner: string[][] = []
    const first = watch('a', {
      onClosed: () => {
        second.unsubscribe()
        inner.push(watch('c').log)
      },
    })
    const second = watch('b')
    suback()
    suback()
    offline()
    takePackets()
    online()
    expect(takePackets()).toEqual(['+a,c #1'])
    suback()
    receive('c', 'x')
    expect(first.log).toEqual(['open', 'closed', 'open'])
    expect(inner).toEqual([['open', 'x']])
  })
})
