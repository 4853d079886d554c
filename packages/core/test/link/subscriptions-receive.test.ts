import { describe, expect, it } from 'vitest'
import { subscriptionsSetting } from './subscriptions-setting.js'

const resumed = { sessionPresent: true }

describe('Subscriptions.receive', () => {
  it('delivers a message to all matching subscribers and acknowledges it when all have', () => {
    const { online, watch, suback, receive, acknowledged } = subscriptionsSetting()
    online()
    const all = ['a/b', 'a/+', '#', 'b', '$share/g/a/b'].map((filter) => watch(filter))
    for (let count = 0; count < 5; count++) suback()
    receive('a/b', 'x')
    expect(all.map(({ log }) => log)).toEqual([
      ['open', 'x'],
      ['open', 'x'],
      ['open', 'x'],
      ['open'],
      ['open', 'x'],
    ])
    expect(acknowledged).toEqual(['x'])
  })

  it('delivers a message by its Subscription Identifiers, if any is known', () => {
    const { online, watch, suback, receive } = subscriptionsSetting()
    online()
    const [narrow, wide] = [watch('a/b'), watch('a/+')]
    suback()
    suback()
    receive('a/b', '1', { subscriptionIdentifiers: [1] })
    receive('a/b', '2', { subscriptionIdentifiers: [2] })
    receive('a/b', '12', { subscriptionIdentifiers: [2, 1] })
    receive('a/b', '7', { subscriptionIdentifiers: [7] })
    receive('a/c', 'c', { subscriptionIdentifiers: [1] })
    expect(narrow.log).toEqual(['open', '1', '12', '7'])
    expect(wide.log).toEqual(['open', '2', '12', '7', 'c'])
  })

  it('acknowledges and reports a message without a matching filter', () => {
    const { online, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    watch('a')
    suback()
    receive('b', 'x')
    receive('b', 'y', { qos: 0 })
    expect(acknowledged).toEqual(['x'])
    expect(incidents).toMatchObject([
      { kind: 'unroutable', message: { topic: 'b' } },
      { kind: 'unroutable', message: { topic: 'b', qos: 0 } },
    ])
  })

  it('acknowledges a message of a window without subscribers', () => {
    const { online, subscriptions, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    subscriptions.windows$('a', {}, () => undefined).subscribe()
    suback()
    receive('a', 'x')
    expect([acknowledged, incidents]).toEqual([['x'], []])
  })
})

describe('Subscriptions.receive before SUBACK', () => {
  it('keeps messages until SUBACK, in order, and delays later acknowledgements', () => {
    const { online, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    const open = watch('b')
    suback()
    const watched = watch('a')
    receive('a', '1')
    receive('b', '2')
    receive('a', '3', { qos: 0 })
    expect([watched.log, open.log, acknowledged]).toEqual([[], ['open', '2'], []])
    suback()
    expect(watched.log).toEqual(['open', '1', '3'])
    expect(acknowledged).toEqual(['1', '2'])
    receive('a', '4')
    expect(acknowledged).toEqual(['1', '2', '4'])
    expect(incidents).toEqual([])
  })

  it('delivers a message once to each open and each waiting subscription', () => {
    const { online, watch, suback, receive, acknowledged } = subscriptionsSetting()
    online()
    const open = watch('#')
    suback()
    const [watched, another] = [watch('a'), watch('+')]
    receive('a', '1')
    suback()
    expect(acknowledged).toEqual([])
    suback()
    expect([open.log, watched.log, another.log]).toEqual([
      ['open', '1'],
      ['open', '1'],
      ['open', '1'],
    ])
    expect(acknowledged).toEqual(['1'])
  })

  it('delivers a kept message only by its Subscription Identifiers', () => {
    const { online, watch, suback, receive } = subscriptionsSetting()
    online()
    const [watched, another] = [watch('a'), watch('+')]
    receive('a', '1', { subscriptionIdentifiers: [2] })
    suback()
    suback()
    expect([watched.log, another.log]).toEqual([['open'], ['open', '1']])
  })

  it('reports kept messages as unroutable if the subscription is refused or unsubscribed', () => {
    const { online, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    watch('a')
    const another = watch('b')
    receive('a', '1')
    receive('b', '2')
    suback(0x87)
    another.unsubscribe()
    suback()
    expect(acknowledged).toEqual(['1', '2'])
    expect(incidents).toMatchObject([
      { kind: 'unroutable', message: { topic: 'a' } },
      { kind: 'unroutable', message: { topic: 'b' } },
    ])
  })

  it('discards kept messages on a lost connection, because the broker redelivers them', () => {
    const { online, offline, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    const watched = watch('a')
    receive('a', 'first')
    offline()
    online(resumed)
    receive('a', 'again')
    suback()
    expect(watched.log).toEqual(['open', 'again'])
    expect([acknowledged, incidents]).toEqual([['again'], []])
  })
})

describe('Subscriptions.receive in an earlier session', () => {
  it('keeps messages for later subscribers until the ttl of 10 s', () => {
    const { online, watch, suback, receive, acknowledged, incidents, advance, timers } =
      subscriptionsSetting()
    online(resumed)
    receive('a', '1')
    receive('b', '2')
    receive('a', '3')
    advance(5_000)
    const late = watch('a')
    suback()
    expect(late.log).toEqual(['open', '1', '3'])
    expect(acknowledged).toEqual(['1'])
    advance(4_999)
    expect(incidents).toEqual([])
    advance(1)
    expect(incidents).toMatchObject([{ kind: 'unroutable', message: { topic: 'b' } }])
    expect(acknowledged).toEqual(['1', '2', '3'])
    receive('b', '4')
    expect(incidents).toHaveLength(2)
    expect(timers()).toBe(0)
  })

  it('releases the oldest messages beyond the unrouted limits', () => {
    const { online, receive, acknowledged, incidents, watch, suback } = subscriptionsSetting({
      unrouted: { messages: 2, bytes: 5 },
    })
    online(resumed)
    for (const text of ['1', '2', '3', '4444', '55']) receive('a', text)
    expect(acknowledged).toEqual(['1', '2', '3', '4444'])
    expect(incidents).toHaveLength(4)
    const late = watch('a')
    suback()
    expect(late.log).toEqual(['open', '55'])
  })

  it('keeps messages whose subscriber waits for SUBACK unacknowledged, also beyond the unrouted limits', () => {
    const { online, receive, acknowledged, incidents, watch, suback } = subscriptionsSetting({
      unrouted: { messages: 2, bytes: 3 },
    })
    online(resumed)
    receive('a', 'before the subscriber')
    const watched = watch('a')
    for (const text of ['1', '2', '3', '4']) receive('a', text)
    receive('b', 'without a subscriber')
    expect(acknowledged).toEqual(['before the subscriber'])
    suback()
    expect(watched.log).toEqual(['open', '1', '2', '3', '4'])
    expect(acknowledged).toEqual(['before the subscriber', '1', '2', '3', '4', 'without a subscriber'])
    expect(incidents.map((incident) => incident.kind)).toEqual(['unroutable', 'unroutable'])
  })

  it('drops the oldest QoS 0 messages beyond the unrouted limits, also if their subscriber waits for SUBACK', () => {
    const { online, receive, incidents, watch, suback } = subscriptionsSetting({ unrouted: { messages: 2 } })
    online(resumed)
    const watched = watch('a')
    for (const text of ['1', '2', '3']) receive('a', text, { qos: 0 })
    suback()
    expect(watched.log).toEqual(['open', '2', '3'])
    expect(incidents).toHaveLength(1)
  })

  it('releases messages at once if unrouted.messages is 0', () => {
    const { online, receive, acknowledged } = subscriptionsSetting({ unrouted: { messages: 0 } })
    online(resumed)
    receive('a', '1')
    expect(acknowledged).toEqual(['1'])
  })

  it('keeps no messages in a session that the link started itself', () => {
    const own = subscriptionsSetting()
    own.online()
    own.offline()
    own.online(resumed)
    own.receive('a', '1')
    expect(own.incidents).toHaveLength(1)
    expect(own.timers()).toBe(0)
  })

  it('keeps messages across connections of the session, but not after it was lost', () => {
    const resumedSetting = subscriptionsSetting()
    resumedSetting.online(resumed)
    resumedSetting.offline()
    resumedSetting.advance(1_000)
    resumedSetting.online(resumed)
    resumedSetting.receive('a', '1')
    const late = resumedSetting.watch('a')
    resumedSetting.suback()
    expect(late.log).toEqual(['open', '1'])
    const lost = subscriptionsSetting()
    lost.online(resumed)
    lost.offline()
    lost.online()
    lost.receive('a', '1')
    expect(lost.incidents).toHaveLength(1)
    expect(lost.timers()).toBe(0)
  })

  it('delivers a message only once to a filter that is unsubscribed and subscribed again', () => {
    const { online, watch, suback, unsuback, receive, acknowledged } = subscriptionsSetting()
    online(resumed)
    const watched = watch('a')
    receive('a', '1')
    suback()
    receive('a', '2')
    const wide = watch('#')
    receive('a', '3')
    watched.unsubscribe()
    const again = watch('a')
    unsuback()
    const call = watched.log.length
    receive('a', '4')
    suback()
    suback()
    expect(watched.log.slice(0, call)).toEqual(['open', '1', '2', '3', 'closed'])
    expect(wide.log).toEqual(['open', '3', '4'])
    expect(again.log).toEqual(['open', '4'])
    expect(acknowledged).toEqual(['1', '2', '3', '4'])
  })
})
