import { describe, expect, it } from 'vitest'
import { failure } from './hand-transport.js'
import { subscriptionsSetting, type SubscriptionsSetting } from './subscriptions-setting.js'

/** Transports tell of a loss in either order: of the unanswered packets first, or of the connection first. */
const losses: readonly [string, (setting: SubscriptionsSetting) => void][] = [
  [
    'told of before the connection',
    ({ transport, offline }) => {
      for (const { answer: response } of [...transport.subscribed, ...transport.unsubscribed])
        response.error(failure('connection-lost'))
      offline()
    },
  ],
  [
    'told of after the connection',
    ({ transport, offline }) => {
      offline()
      for (const { answer: response } of [...transport.subscribed, ...transport.unsubscribed])
        response.error(failure('connection-lost'))
    },
  ],
]
const resumed = { sessionPresent: true }

describe.each(losses)('a connection lost during a SUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('asks again with the next, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, packets, suback, receive, told } = setting
    const one = watch('a')
    online()
    lose(setting)
    expect(told).toEqual(['open'])
    packets()
    online({ sessionPresent: isKept })
    expect(packets()).toEqual(['+a #1'])
    expect(told).toEqual(['open'])
    suback()
    receive('a', 'x')
    expect(one.log).toEqual(['open', 'x'])
    expect(told).toEqual(['open', 'ready'])
  })

  it.each([true, false])('that nobody wants any more leaves nothing behind, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, packets, unsuback } = setting
    online()
    const one = watch('a')
    one.leave()
    lose(setting)
    packets()
    online({ sessionPresent: isKept })
    expect(packets()).toEqual(isKept ? ['-a'] : [])
    if (isKept) unsuback()
    lose(setting)
    online(resumed)
    expect(packets()).toEqual([])
  })
})

describe.each(losses)('a connection lost during an UNSUBSCRIBE, %s,', (_, lose) => {
  it.each([true, false])('sends it again where the session is kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, packets, suback, unsuback } = setting
    online()
    const one = watch('a')
    suback()
    one.leave()
    lose(setting)
    packets()
    online({ sessionPresent: isKept })
    expect(packets()).toEqual(isKept ? ['-a'] : [])
    if (isKept) unsuback()
    watch('a')
    expect(packets()).toEqual(['+a #1'])
  })

  it.each([true, false])('subscribes for who came back meanwhile, session kept: %s', (isKept) => {
    const setting = subscriptionsSetting()
    const { online, watch, packets, suback, receive } = setting
    online()
    const one = watch('a')
    suback()
    one.leave()
    lose(setting)
    const again = watch('a')
    packets()
    online({ sessionPresent: isKept })
    expect(packets()).toEqual(['+a #1'])
    suback()
    receive('a', 'x')
    expect(again.log).toEqual(['open', 'x'])
  })
})

describe('an answer of a connection that is gone', () => {
  it('changes nothing any more', () => {
    const { online, offline, watch, packets, suback, transport, told } = subscriptionsSetting()
    const one = watch('a')
    online()
    offline()
    online()
    transport.subscribed[0]?.answer.next([0x87])
    transport.subscribed[0]?.answer.complete()
    expect(one.log).toEqual([])
    expect(told).toEqual(['open'])
    packets()
    suback()
    expect(one.log).toEqual(['open'])
    expect(told).toEqual(['open', 'ready'])
    one.leave()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.answer.complete()
    expect(packets()).toEqual(['-a', '-a'])
    watch('a')
    expect(packets()).toEqual([])
  })
})

describe('a loss that is told of when the next connection is there already', () => {
  it('does not disturb what is under way on it', () => {
    const { online, offline, watch, packets, suback, transport, told } = subscriptionsSetting()
    const one = watch('a')
    online()
    offline()
    online()
    packets()
    transport.subscribed[0]?.answer.error(failure('connection-lost'))
    watch('a')
    expect(packets()).toEqual([])
    suback()
    expect(told).toEqual(['open', 'open', 'ready'])
    expect(one.log).toEqual(['open'])
  })

  it('does not disturb an UNSUBSCRIBE either', () => {
    const { online, offline, watch, packets, suback, transport } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
    offline()
    online(resumed)
    transport.unsubscribed[0]?.answer.error(failure('connection-lost'))
    packets()
    watch('a')
    expect(packets()).toEqual([])
  })
})
