import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting, type SubscriptionsSetting } from './subscriptions-setting.js'

/** Transports tell of a loss in either order: of the unanswered packets first, or of the connection first. */
const losses: readonly [string, (setting: SubscriptionsSetting) => void][] = [
  [
    'told of before the connection',
    ({ transport, offline }) => {
      for (const { subscriber: response } of [...transport.subscribed, ...transport.unsubscribed])
        response.error(failure('connection-lost'))
      offline()
    },
  ],
  [
    'told of after the connection',
    ({ transport, offline }) => {
      offline()
      for (const { subscriber: response } of [...transport.subscribed, ...transport.unsubscribed])
        response.error(failure('connection-lost'))
    },
  ],
]
const resumed = { sessionPresent: true }

describe.each(losses)('a connection lost during a SUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('asks again with the next, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, suback, receive, calls } = setting
    const one = watch('a')
    online()
    lose(setting)
    expect(calls).toEqual(['open'])
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(['+a #1'])
    expect(calls).toEqual(['open'])
    suback()
    receive('a', 'x')
    expect(one.log).toEqual(['open', 'x'])
    expect(calls).toEqual(['open', 'ready'])
  })

  it.each([true, false])('that nobody wants any more leaves nothing behind, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, unsuback } = setting
    online()
    const one = watch('a')
    one.leave()
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

describe.each(losses)('a connection lost during an UNSUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('sends it again where the session is kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, suback, unsuback } = setting
    online()
    const one = watch('a')
    suback()
    one.leave()
    lose(setting)
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(isKept ? ['-a'] : [])
    if (isKept) unsuback()
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })

  it.each([true, false])('subscribes for who came back meanwhile, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, takePackets, suback, receive } = setting
    online()
    const one = watch('a')
    suback()
    one.leave()
    lose(setting)
    const again = watch('a')
    takePackets()
    online({ sessionPresent: isKept })
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    receive('a', 'x')
    expect(again.log).toEqual(['open', 'x'])
  })
})

describe('an answer of a connection that is gone', () => {
  it('changes nothing any more', () => {
    const { online, offline, watch, takePackets, suback, transport, calls } = subscriptionsSetting()
    const one = watch('a')
    online()
    offline()
    online()
    transport.subscribed[0]?.subscriber.next([0x87])
    transport.subscribed[0]?.subscriber.complete()
    expect(one.log).toEqual([])
    expect(calls).toEqual(['open'])
    takePackets()
    suback()
    expect(one.log).toEqual(['open'])
    expect(calls).toEqual(['open', 'ready'])
    one.leave()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.subscriber.complete()
    expect(takePackets()).toEqual(['-a', '-a'])
    watch('a')
    expect(takePackets()).toEqual([])
  })
})

describe('a loss that is told of when the next connection is there already', () => {
  it('does not disturb what is under way on it', () => {
    const { online, offline, watch, takePackets, suback, transport, calls } = subscriptionsSetting()
    const one = watch('a')
    online()
    offline()
    online()
    takePackets()
    transport.subscribed[0]?.subscriber.error(failure('connection-lost'))
    watch('a')
    expect(takePackets()).toEqual([])
    suback()
    expect(calls).toEqual(['open', 'open', 'ready'])
    expect(one.log).toEqual(['open'])
  })

  it('does not disturb an UNSUBSCRIBE either', () => {
    const { online, offline, watch, takePackets, suback, transport } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.subscriber.error(failure('connection-lost'))
    takePackets()
    watch('a')
    expect(takePackets()).toEqual([])
  })
})
