import { describe, expect, it } from 'vitest'
import { respond, type SubscribeCall, type UnsubscribeCall } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

const grantAtOnce = (requested: SubscribeCall): void =>
  respond(
    requested,
    requested.requests.map(({ qos }) => qos),
  )
const freeAtOnce = (requested: UnsubscribeCall): void =>
  respond(
    requested,
    requested.filters.map(() => 0),
  )
const atOnce = { react: { subscribe: grantAtOnce, unsubscribe: freeAtOnce } }

describe('from within', () => {
  it('a window that opens, another of the same packet may be left', () => {
    const { online, watch, suback, takePackets } = subscriptionsSetting()
    const first = watch('a', { onWindow: () => second.leave() })
    const second = watch('b')
    online()
    takePackets()
    suback()
    expect([first.log, second.log]).toEqual([['open'], []])
    expect(takePackets()).toEqual(['-b'])
  })

  it('a window that opens, it may be left by all who wait for it', () => {
    const { online, watch, suback, takePackets } = subscriptionsSetting()
    online()
    const first = watch('a', {
      onWindow: () => {
        first.leave()
        second.leave()
      },
    })
    const second = watch('a')
    takePackets()
    suback()
    expect(second.log).toEqual([])
    expect(takePackets()).toEqual(['-a'])
  })

  it('a window that opens, another subscriber may join, and gets it once', () => {
    const { online, watch, suback } = subscriptionsSetting()
    online()
    const joined: string[][] = []
    watch('a', { onWindow: () => joined.push(watch('a').log) })
    const second = watch('a')
    suback()
    expect(joined).toEqual([['open']])
    expect(second.log).toEqual(['open'])
  })

  it('a refusal, the same may be asked for again, and is not deaf', () => {
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

  it('a refusal that was foreseen, another of the same packet may be left', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    watch('$share/g/a', { onEnd: () => other.leave() })
    const other = watch('b')
    watch('c')
    online({ sharedSubscriptions: false })
    expect(takePackets()).toEqual(['+b,c #1'])
    expect(other.log).toEqual([])
  })

  it('a message, its subscriber may leave and come back', () => {
    const { online, watch, suback, unsuback, takePackets, receive, acknowledged } = subscriptionsSetting()
    online()
    const again: string[][] = []
    const one = watch('a', {
      onText: () => {
        one.leave()
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

  it('a message, all may be ended', () => {
    const { online, watch, suback, receive, subscriptions, acknowledged } = subscriptionsSetting()
    online()
    const first = watch('a', { onText: () => subscriptions.end() })
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

  it('an answer given within the call, everything else may be left, come back, and stand', () => {
    const { online, watch, takePackets, receive } = subscriptionsSetting(atOnce)
    const again: string[][] = []
    const first = watch('a', {
      onWindow: () => {
        if (again.length > 0) return
        wide.leave()
        again.push(watch('+').log)
      },
    })
    const wide = watch('+')
    online()
    const standing = new Set<string>()
    for (const packet of takePackets()) {
      const filter = packet.slice(1).split(' ')[0] ?? ''
      if (packet.startsWith('+')) standing.add(filter)
      else standing.delete(filter)
    }
    expect([...standing].sort()).toEqual(['+', 'a'])
    receive('b', 'x')
    expect(first.log).toEqual(['open'])
    expect(wide.log).toEqual([])
    expect(again).toEqual([['open', 'x']])
  })

  it('an answer given within the call, thousands may come and go', () => {
    const { online, watch, takePackets } = subscriptionsSetting(atOnce)
    online()
    for (let count = 0; count < 2_000; count++) watch(`a/${count % 7}`).leave()
    expect(takePackets()).toHaveLength(4_000)
    expect(watch('a/1').log).toEqual(['open'])
  })
})
