import { describe, expect, it } from 'vitest'
import { completeWith, type SubscribeCall, type UnsubscribeCall } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

const grantSynchronously = (call: SubscribeCall): void =>
  completeWith(
    call,
    call.requests.map(({ qos }) => qos),
  )
const unsubscribeSynchronously = (call: UnsubscribeCall): void =>
  completeWith(
    call,
    call.filters.map(() => 0),
  )
const synchronous = { react: { subscribe: grantSynchronously, unsubscribe: unsubscribeSynchronously } }

describe('Subscriptions changed from their own callbacks', () => {
  it('unsubscribes another filter of the same SUBACK while a window opens', () => {
    const { online, watch, suback, takePackets } = subscriptionsSetting()
    const first = watch('a', { onWindow: () => second.unsubscribe() })
    const second = watch('b')
    online()
    takePackets()
    suback()
    expect([first.log, second.log]).toEqual([['open'], []])
    expect(takePackets()).toEqual(['-b'])
  })

  it('unsubscribes all subscribers of a filter while its window opens', () => {
    const { online, watch, suback, takePackets } = subscriptionsSetting()
    online()
    const first = watch('a', {
      onWindow: () => {
        first.unsubscribe()
        second.unsubscribe()
      },
    })
    const second = watch('a')
    takePackets()
    suback()
    expect(second.log).toEqual([])
    expect(takePackets()).toEqual(['-a'])
  })

  it('emits a window once to a subscriber that joins while it opens', () => {
    const { online, watch, suback } = subscriptionsSetting()
    online()
    const joined: string[][] = []
    watch('a', { onWindow: () => joined.push(watch('a').log) })
    const second = watch('a')
    suback()
    expect(joined).toEqual([['open']])
    expect(second.log).toEqual(['open'])
  })

  it('subscribes again to a filter in the error callback of its refusal', () => {
    const { online, watch, suback, takePackets, receive } = subscriptionsSetting()
    online()
    const again: string[][] = []
    watch('a', { onEnd: () => again.push(watch('a').log) })
    watch('a')
    suback(0x87)
    expect(takePackets()).toEqual(['+a #1', '+a #1'])
    suback()
    receive('a', 'x')
    expect(again).toEqual([['open', 'x']])
    expect(watch('a').log).toEqual(['open'])
    expect(takePackets()).toEqual([])
  })

  it('unsubscribes another filter in the error callback of a filter that CONNACK rules out', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    watch('$share/g/a', { onEnd: () => another.unsubscribe() })
    const another = watch('b')
    watch('c')
    online({ sharedSubscriptions: false })
    expect(takePackets()).toEqual(['+b,c #1'])
    expect(another.log).toEqual([])
  })

  it('unsubscribes and subscribes again while a message is delivered', () => {
    const { online, watch, suback, unsuback, takePackets, receive, acknowledged } = subscriptionsSetting()
    online()
    const again: string[][] = []
    const watched = watch('a', {
      onMessage: () => {
        watched.unsubscribe()
        again.push(watch('a').log)
      },
    })
    suback()
    receive('a', '1')
    expect(acknowledged).toEqual(['1'])
    expect(takePackets()).toEqual(['+a #1', '-a'])
    unsuback()
    suback()
    receive('a', '2')
    expect(again).toEqual([['open', '2']])
    expect(acknowledged).toEqual(['1', '2'])
  })

  it('ends all subscriptions while a message is delivered', () => {
    const { online, watch, suback, receive, subscriptions, acknowledged } = subscriptionsSetting()
    online()
    const first = watch('a', { onMessage: () => subscriptions.end() })
    const second = watch('a')
    const wide = watch('#')
    suback()
    suback()
    receive('a', '1')
    receive('a', '2')
    expect(first.log).toEqual(['open', '1', 'closed', 'complete'])
    expect(second.log).toEqual(['open', 'closed', 'complete'])
    expect(wide.log).toEqual(['open', 'closed', 'complete'])
    expect(acknowledged.length).toBeLessThanOrEqual(2)
  })

  it('restores filters unsubscribed and subscribed again over a synchronous transport', () => {
    const { online, watch, takePackets, receive } = subscriptionsSetting(synchronous)
    const again: string[][] = []
    const first = watch('a', {
      onWindow: () => {
        if (again.length > 0) return
        wide.unsubscribe()
        again.push(watch('+').log)
      },
    })
    const wide = watch('+')
    online()
    const subscribed = new Set<string>()
    for (const packet of takePackets()) {
      const filter = packet.slice(1).split(' ')[0] ?? ''
      if (packet.startsWith('+')) subscribed.add(filter)
      else subscribed.delete(filter)
    }
    expect([...subscribed].sort()).toEqual(['+', 'a'])
    receive('b', 'x')
    expect(first.log).toEqual(['open'])
    expect(wide.log).toEqual([])
    expect(again).toEqual([['open', 'x']])
  })

  it('subscribes and unsubscribes 2 000 times over a synchronous transport', () => {
    const { online, watch, takePackets } = subscriptionsSetting(synchronous)
    online()
    for (let count = 0; count < 2_000; count++) watch(`a/${count % 7}`).unsubscribe()
    expect(takePackets()).toHaveLength(4_000)
    expect(watch('a/1').log).toEqual(['open'])
  })
})
