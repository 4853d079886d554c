import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

describe('a subscription', () => {
  it('is one SUBSCRIBE however many ask, opens for all with its SUBACK, and for a late one at once', () => {
    const { online, watch, takePackets, suback, receive } = subscriptionsSetting()
    online()
    const [first, second] = [watch('a', { qos: 2 }), watch('a', { qos: 2 })]
    expect(takePackets()).toEqual(['+a #1'])
    expect(first.log).toEqual([])
    suback(1)
    const late = watch('a', { qos: 2 })
    receive('a', 'x')
    for (const one of [first, second, late]) {
      expect(one.log).toEqual(['open', 'x'])
      expect(one.windows).toEqual([expect.objectContaining({ filter: 'a', grantedQoS: 1 })])
    }
    expect(takePackets()).toEqual([])
    expect(new Set([first, second, late].map(({ windows }) => windows[0])).size).toBe(1)
  })

  it('asks for exactly what was asked of it', () => {
    const { online, watch, transport } = subscriptionsSetting()
    online()
    watch('a')
    watch('b', { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 })
    expect(transport.subscribed.flatMap(({ requests }) => requests)).toEqual([
      { filter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      { filter: 'b', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 },
    ])
  })

  it('gives a late one what was retained', () => {
    const { online, watch, suback, receive } = subscriptionsSetting()
    online()
    watch('a/+')
    suback()
    receive('a/1', 'kept', { retain: true })
    receive('a/2', 'passing')
    expect(watch('a/+').log).toEqual(['open', 'kept'])
  })

  it('ends with its last subscriber, in one UNSUBSCRIBE', () => {
    const { online, watch, takePackets, suback, receive, unsuback, incidents, acknowledged } =
      subscriptionsSetting()
    online()
    const [first, second] = [watch('a'), watch('a')]
    suback()
    first.leave()
    receive('a', '1')
    takePackets()
    second.leave()
    second.leave()
    expect(takePackets()).toEqual(['-a'])
    receive('a', '2')
    expect(incidents).toEqual([])
    unsuback()
    receive('a', '3')
    expect(incidents).toMatchObject([{ kind: 'unroutable', message: { topic: 'a' } }])
    expect(acknowledged).toEqual(['1', '2', '3'])
    expect(second.log).toEqual(['open', '1', 'closed'])
  })

  it('asks nothing of the broker where everybody has left before the connection is up', () => {
    const { online, watch, takePackets, calls } = subscriptionsSetting()
    watch('a').leave()
    watch('b')
    online()
    expect(takePackets()).toEqual(['+b #1'])
    expect(calls).toEqual(['open', 'open'])
  })

  it('completes its window when the last subscriber leaves, also for who listens to it apart', () => {
    const { online, watch, suback } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    const log: string[] = []
    one.windows[0]?.deliveries$.subscribe({ complete: () => log.push('closed') })
    one.leave()
    expect(log).toEqual(['closed'])
  })
})

describe('a change of mind', () => {
  it('while the SUBSCRIBE is on its way waits for its answer', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    const one = watch('a')
    one.leave()
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    expect(takePackets()).toEqual(['-a'])
    unsuback()
    expect(takePackets()).toEqual([])
    expect(one.log).toEqual([])
  })

  it('taken back while the SUBSCRIBE is on its way costs nothing', () => {
    const { online, watch, takePackets, suback } = subscriptionsSetting()
    online()
    watch('a').leave()
    const again = watch('a')
    suback()
    expect(again.log).toEqual(['open'])
    expect(takePackets()).toEqual(['+a #1'])
  })

  it('taken back with other options while the SUBSCRIBE is on its way sends another', () => {
    const { online, watch, takePackets, suback, transport } = subscriptionsSetting()
    online()
    watch('a', { qos: 0 }).leave()
    const again = watch('a', { qos: 2 })
    suback()
    expect(again.log).toEqual([])
    expect(takePackets()).toEqual(['+a #1', '+a #1'])
    suback()
    expect(again.windows).toMatchObject([{ grantedQoS: 2 }])
    expect(transport.subscribed[1]?.requests).toMatchObject([{ qos: 2 }])
  })

  it('while the UNSUBSCRIBE is on its way waits for its answer, and is not deaf', () => {
    const { online, watch, takePackets, suback, unsuback, receive } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
    const again = watch('a')
    expect(takePackets()).toEqual(['+a #1', '-a'])
    unsuback()
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    receive('a', 'x')
    expect(again.log).toEqual(['open', 'x'])
  })

  it('time and again ends where it stopped', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    for (let count = 0; count < 3; count++) watch('a').leave()
    suback()
    for (let count = 0; count < 3; count++) watch('a').leave()
    unsuback()
    expect(takePackets()).toEqual(['+a #1', '-a'])
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })
})

describe('the end of all subscriptions', () => {
  it('completes everybody, and whoever comes later', () => {
    const { online, watch, suback, subscriptions, takePackets, calls } = subscriptionsSetting()
    online()
    const [open, requested] = [watch('a'), watch('b')]
    suback()
    takePackets()
    subscriptions.end()
    calls.length = 0
    const late = watch('a')
    expect([open.log, requested.log, late.log]).toEqual([
      ['open', 'closed', 'complete'],
      ['complete'],
      ['complete'],
    ])
    expect([takePackets(), calls]).toEqual([[], []])
  })

  it('by an error fails everybody with it, and whoever comes later', () => {
    const { online, watch, suback, subscriptions, receive, acknowledged, timers } = subscriptionsSetting()
    online({ sessionPresent: true })
    const [open, requested] = [watch('a'), watch('b')]
    suback()
    receive('b', 'early')
    subscriptions.end(failure('connection-refused'))
    subscriptions.end()
    expect(open.log).toEqual(['open', 'closed', 'connection-refused'])
    expect(requested.log).toEqual(['connection-refused'])
    expect(watch('c').log).toEqual(['connection-refused'])
    expect(acknowledged).toEqual([])
    expect(timers()).toBe(0)
  })

  it('may be met with more of the same from within', () => {
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
