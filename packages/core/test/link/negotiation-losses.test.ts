import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting, type SubscriptionsSetting } from './subscriptions-setting.js'

/** Transports report a loss in either order: the unacknowledged packets first, or the connection first. */
const losses: readonly [string, (setting: SubscriptionsSetting) => void][] = [
  [
    'reported by the packet first',
    ({ transport, offline }) => {
      for (const { subscriber } of [...transport.subscribed, ...transport.unsubscribed])
        subscriber.error(failure('connection-lost'))
      offline()
    },
  ],
  [
    'reported by the connection first',
    ({ transport, offline }) => {
      offline()
      for (const { subscriber } of [...transport.subscribed, ...transport.unsubscribed])
        subscriber.error(failure('connection-lost'))
    },
  ],
]
const resumed = { sessionPresent: true }

describe.each(losses)('a connection lost during SUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('sends SUBSCRIBE again on the next connection, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, suback, receive, calls } = setting
    const watched = watch('a')
    online()
    lose(setting)
    expect(calls).toEqual(['open'])
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(['+a #1'])
    expect(calls).toEqual(['open'])
    suback()
    receive('a', 'x')
    expect(watched.log).toEqual(['open', 'x'])
    expect(calls).toEqual(['open', 'ready'])
  })

  it.each([true, false])('removes a subscription without subscribers, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, unsuback } = setting
    online()
    const watched = watch('a')
    watched.unsubscribe()
    lose(setting)
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(isKept ? ['-a'] : [])
    if (isKept) unsuback()
    lose(setting)
    online(resumed)
    expect(takePackets()).toEqual([])
  })
})

describe.each(losses)('a connection lost during UNSUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('sends UNSUBSCRIBE again only if the session was kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, suback, unsuback } = setting
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    lose(setting)
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(isKept ? ['-a'] : [])
    if (isKept) unsuback()
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })

  it.each([true, false])(
    'subscribes again for a subscriber that came meanwhile, session kept: %s',
    (isKept) => {
      const setting = subscriptionsSetting()
      const { online, watch, takePackets, suback, receive } = setting
      online()
      const watched = watch('a')
      suback()
      watched.unsubscribe()
      lose(setting)
      const again = watch('a')
      takePackets()
      online({ sessionPresent: isKept })
      expect(takePackets()).toEqual(['+a #1'])
      suback()
      receive('a', 'x')
      expect(again.log).toEqual(['open', 'x'])
    },
  )
})

describe('a SUBACK or UNSUBACK of a lost connection', () => {
  it('is ignored if it arrives after the next connection', () => {
    const { online, offline, watch, takePackets, suback, transport, calls } = subscriptionsSetting()
    const watched = watch('a')
    online()
    offline()
    online()
    transport.subscribed[0]?.subscriber.next([0x87])
    transport.subscribed[0]?.subscriber.complete()
    expect(watched.log).toEqual([])
    expect(calls).toEqual(['open'])
    takePackets()
    suback()
    expect(watched.log).toEqual(['open'])
    expect(calls).toEqual(['open', 'ready'])
    watched.unsubscribe()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.subscriber.complete()
    expect(takePackets()).toEqual(['-a', '-a'])
    watch('a')
    expect(takePackets()).toEqual([])
  })
})

describe('a lost packet reported after the next connection', () => {
  it('does not affect a SUBSCRIBE in flight on the next connection', () => {
    const { online, offline, watch, takePackets, suback, transport, calls } = subscriptionsSetting()
    const watched = watch('a')
    online()
    offline()
    online()
    takePackets()
    transport.subscribed[0]?.subscriber.error(failure('connection-lost'))
    watch('a')
    expect(takePackets()).toEqual([])
    suback()
    expect(calls).toEqual(['open', 'open', 'ready'])
    expect(watched.log).toEqual(['open'])
  })

  it('does not affect an UNSUBSCRIBE in flight on the next connection', () => {
    const { online, offline, watch, takePackets, suback, transport } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.subscriber.error(failure('connection-lost'))
    takePackets()
    watch('a')
    expect(takePackets()).toEqual([])
  })
})
