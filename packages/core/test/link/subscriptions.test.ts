import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

describe('Subscriptions', () => {
  it('sends one SUBSCRIBE for several subscribers, and emits one window to all, also to a late one', () => {
    const { online, watch, takePackets, suback, receive } = subscriptionsSetting()
    online()
    const [first, second] = [watch('a', { qos: 2 }), watch('a', { qos: 2 })]
    expect(takePackets()).toEqual(['+a #1'])
    expect(first.log).toEqual([])
    suback(1)
    const late = watch('a', { qos: 2 })
    receive('a', 'x')
    for (const watched of [first, second, late]) {
      expect(watched.log).toEqual(['open', 'x'])
      expect(watched.windows).toEqual([expect.objectContaining({ filter: 'a', grantedQoS: 1 })])
    }
    expect(takePackets()).toEqual([])
    expect(new Set([first, second, late].map(({ windows }) => windows[0])).size).toBe(1)
  })

  it('sends SUBSCRIBE for groups again on a kept session, which Mosquitto has without them after its restart', () => {
    const { online, offline, watch, takePackets, suback, receive } = subscriptionsSetting()
    online()
    const [member, other] = [watch('$share/g/a'), watch('b')]
    suback()
    suback()
    takePackets()
    offline()
    online({ sessionPresent: true })
    expect(takePackets()).toEqual(['+$share/g/a #1'])
    suback()
    receive('a', 'x')
    expect([member.log, other.log]).toEqual([['open', 'x'], ['open']])
  })

  it('keeps the window of a group whose SUBSCRIBE on a kept session fails', () => {
    const { online, offline, watch, suback, receive } = subscriptionsSetting()
    online()
    const member = watch('$share/g/a')
    suback()
    offline()
    online({ sessionPresent: true })
    offline()
    online({ sessionPresent: true })
    suback(0x87)
    receive('a', 'x')
    expect(member.log).toEqual(['open', 'x'])
  })

  it('sends the subscription options unchanged', () => {
    const { online, watch, transport } = subscriptionsSetting()
    online()
    watch('a')
    watch('b', { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 })
    expect(transport.subscribed.flatMap(({ requests }) => requests)).toEqual([
      { filter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      { filter: 'b', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 },
    ])
  })

  it('sends a late subscriber the retained messages', () => {
    const { online, watch, suback, receive } = subscriptionsSetting()
    online()
    watch('a/+')
    suback()
    receive('a/1', 'retained', { retain: true })
    receive('a/2', 'passing')
    expect(watch('a/+').log).toEqual(['open', 'retained'])
  })

  it('reports an UNSUBSCRIBE that the broker refuses, and subscribes again', () => {
    const { online, watch, takePackets, suback, unsuback, receive, incidents } = subscriptionsSetting()
    online()
    const [a, b] = [watch('a'), watch('b')]
    suback()
    suback()
    a.unsubscribe()
    b.unsubscribe()
    unsuback(0x87)
    unsuback(0x11)
    expect(incidents).toMatchObject([
      { kind: 'unsubscribe-refused', error: { code: 'unsubscribe-refused', topic: 'a', reasonCode: 0x87 } },
    ])
    receive('a', '1')
    expect(incidents).toMatchObject([{}, { kind: 'unroutable' }])
    takePackets()
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('sends one UNSUBSCRIBE when the last subscriber unsubscribes', () => {
    const { online, watch, takePackets, suback, receive, unsuback, incidents, acknowledged } =
      subscriptionsSetting()
    online()
    const [first, second] = [watch('a'), watch('a')]
    suback()
    first.unsubscribe()
    receive('a', '1')
    takePackets()
    second.unsubscribe()
    second.unsubscribe()
    expect(takePackets()).toEqual(['-a'])
    receive('a', '2')
    expect(incidents).toEqual([])
    unsuback()
    receive('a', '3')
    expect(incidents).toMatchObject([{ kind: 'unroutable', message: { topic: 'a' } }])
    expect(acknowledged).toEqual(['1', '2', '3'])
    expect(second.log).toEqual(['open', '1', 'closed'])
  })

  it('sends no SUBSCRIBE for a filter abandoned before the connection', () => {
    const { online, watch, takePackets, calls } = subscriptionsSetting()
    watch('a').unsubscribe()
    watch('b')
    online()
    expect(takePackets()).toEqual(['+b #1'])
    expect(calls).toEqual(['open', 'open'])
  })

  it('completes a window for all its subscribers when the last subscriber of the filter unsubscribes', () => {
    const { online, watch, suback } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    const log: string[] = []
    watched.windows[0]?.deliveries$.subscribe({ complete: () => log.push('closed') })
    watched.unsubscribe()
    expect(log).toEqual(['closed'])
  })
})

describe('Subscriptions changed while a packet is in flight', () => {
  it('sends UNSUBSCRIBE only after SUBACK', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    const watched = watch('a')
    watched.unsubscribe()
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    expect(takePackets()).toEqual(['-a'])
    unsuback()
    expect(takePackets()).toEqual([])
    expect(watched.log).toEqual([])
  })

  it('sends nothing if the filter is subscribed again before SUBACK', () => {
    const { online, watch, takePackets, suback } = subscriptionsSetting()
    online()
    watch('a').unsubscribe()
    const again = watch('a')
    suback()
    expect(again.log).toEqual(['open'])
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('sends SUBSCRIBE again if the options changed before SUBACK', () => {
    const { online, watch, takePackets, suback, transport } = subscriptionsSetting()
    online()
    watch('a', { qos: 0 }).unsubscribe()
    const again = watch('a', { qos: 2 })
    suback()
    expect(again.log).toEqual([])
    expect(takePackets()).toEqual(['+a #1', '+a #1'])
    suback()
    expect(again.windows).toMatchObject([{ grantedQoS: 2 }])
    expect(transport.subscribed[1]?.requests).toMatchObject([{ qos: 2 }])
  })

  it('sends SUBSCRIBE again only after UNSUBACK', () => {
    const { online, watch, takePackets, suback, unsuback, receive } = subscriptionsSetting()
    online()
    const watched = watch('a')
    suback()
    watched.unsubscribe()
    const again = watch('a')
    expect(takePackets()).toEqual(['+a #1', '-a'])
    unsuback()
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    receive('a', 'x')
    expect(again.log).toEqual(['open', 'x'])
  })

  it('sends one packet for repeated changes in flight', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    for (let count = 0; count < 3; count++) watch('a').unsubscribe()
    suback()
    for (let count = 0; count < 3; count++) watch('a').unsubscribe()
    unsuback()
    expect(takePackets()).toEqual(['+a #1', '-a'])
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })
})

describe('Subscriptions.end', () => {
  it('completes current and later subscribers', () => {
    const { online, watch, suback, subscriptions, takePackets, calls } = subscriptionsSetting()
    online()
    const [open, call] = [watch('a'), watch('b')]
    suback()
    takePackets()
    subscriptions.end()
    calls.length = 0
    const late = watch('a')
    expect([open.log, call.log, late.log]).toEqual([
      ['open', 'closed', 'complete'],
      ['complete'],
      ['complete'],
    ])
    expect([takePackets(), calls]).toEqual([[], []])
  })

  it('fails current and later subscribers with its error', () => {
    const { online, watch, suback, subscriptions, receive, acknowledged, timers } = subscriptionsSetting()
    online({ sessionPresent: true })
    const [open, call] = [watch('a'), watch('b')]
    suback()
    receive('b', 'early')
    subscriptions.end(failure('connection-refused'))
    subscriptions.end()
    expect(open.log).toEqual(['open', 'closed', 'connection-refused'])
    expect(call.log).toEqual(['connection-refused'])
    expect(watch('c').log).toEqual(['connection-refused'])
    expect(acknowledged).toEqual([])
    expect(timers()).toBe(0)
  })

  it('completes subscriptions made while it ends', () => {
    const { online, watch, subscriptions, takePackets } = subscriptionsSetting()
    online()
    const inner: string[][] = []
    watch('a', { onEnd: () => inner.push(watch('a').log, watch('b').log) })
    takePackets()
    subscriptions.end()
    expect(inner).toEqual([['complete'], ['complete']])
    expect(takePackets()).toEqual([])
  })
})
