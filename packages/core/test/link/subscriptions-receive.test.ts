import { describe, expect, it } from 'vitest'
import { subscriptionsSetting } from './subscriptions-setting.js'

const resumed = { sessionPresent: true }

describe('a message that arrives', () => {
  it('goes to everybody whose filter it matches, and is acknowledged when all have', () => {
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

  it('goes to the subscriptions it is named for, where it is named for any of ours', () => {
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

  it('for no filter of ours is acknowledged and told of', () => {
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

  it('is lost to a window nobody listens to, and acknowledged', () => {
    const { online, subscriptions, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    subscriptions.windows$('a', {}, () => undefined).subscribe()
    suback()
    receive('a', 'x')
    expect([acknowledged, incidents]).toEqual([['x'], []])
  })
})

describe('a message that comes before its SUBACK', () => {
  it('waits for it, in order, and holds up the acknowledgement of what came later', () => {
    const { online, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    const open = watch('b')
    suback()
    const one = watch('a')
    receive('a', '1')
    receive('b', '2')
    receive('a', '3', { qos: 0 })
    expect([one.log, open.log, acknowledged]).toEqual([[], ['open', '2'], []])
    suback()
    expect(one.log).toEqual(['open', '1', '3'])
    expect(acknowledged).toEqual(['1', '2'])
    receive('a', '4')
    expect(acknowledged).toEqual(['1', '2', '4'])
    expect(incidents).toEqual([])
  })

  it('is given to who is there already, and to who waits, once each', () => {
    const { online, watch, suback, receive, acknowledged } = subscriptionsSetting()
    online()
    const open = watch('#')
    suback()
    const [one, other] = [watch('a'), watch('+')]
    receive('a', '1')
    suback()
    expect(acknowledged).toEqual([])
    suback()
    expect([open.log, one.log, other.log]).toEqual([
      ['open', '1'],
      ['open', '1'],
      ['open', '1'],
    ])
    expect(acknowledged).toEqual(['1'])
  })

  it('is not given to who is not named for it', () => {
    const { online, watch, suback, receive } = subscriptionsSetting()
    online()
    const [one, other] = [watch('a'), watch('+')]
    receive('a', '1', { subscriptionIdentifiers: [2] })
    suback()
    suback()
    expect([one.log, other.log]).toEqual([['open'], ['open', '1']])
  })

  it('is told of where the subscription is refused or given up', () => {
    const { online, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    watch('a')
    const other = watch('b')
    receive('a', '1')
    receive('b', '2')
    suback(0x87)
    other.leave()
    suback()
    expect(acknowledged).toEqual(['1', '2'])
    expect(incidents).toMatchObject([
      { kind: 'unroutable', message: { topic: 'a' } },
      { kind: 'unroutable', message: { topic: 'b' } },
    ])
  })

  it('is forgotten with its connection, for the broker delivers it again', () => {
    const { online, offline, watch, suback, receive, acknowledged, incidents } = subscriptionsSetting()
    online()
    const one = watch('a')
    receive('a', 'first')
    offline()
    online(resumed)
    receive('a', 'again')
    suback()
    expect(one.log).toEqual(['open', 'again'])
    expect([acknowledged, incidents]).toEqual([['again'], []])
  })
})

describe('a message of a session older than the link', () => {
  it('waits for its subscriber, before the link knows any', () => {
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

  it('is let go from the oldest on where they are too many or too large', () => {
    const { online, receive, acknowledged, incidents, watch, suback } = subscriptionsSetting({
      unclaimed: { messages: 2, bytes: 5 },
    })
    online(resumed)
    for (const text of ['1', '2', '3', '4444', '55']) receive('a', text)
    expect(acknowledged).toEqual(['1', '2', '3', '4444'])
    expect(incidents).toHaveLength(4)
    const late = watch('a')
    suback()
    expect(late.log).toEqual(['open', '55'])
  })

  it('is let go at once where nothing is to be kept', () => {
    const { online, receive, acknowledged } = subscriptionsSetting({ unclaimed: { messages: 0 } })
    online(resumed)
    receive('a', '1')
    expect(acknowledged).toEqual(['1'])
  })

  it('is not waited for in a session of our own, nor in one that is new', () => {
    const own = subscriptionsSetting()
    own.online()
    own.offline()
    own.online(resumed)
    own.receive('a', '1')
    expect(own.incidents).toHaveLength(1)
    expect(own.timers()).toBe(0)
  })

  it('is waited for over another connection of that session, and no longer when the session is lost', () => {
    const kept = subscriptionsSetting()
    kept.online(resumed)
    kept.offline()
    kept.advance(1_000)
    kept.online(resumed)
    kept.receive('a', '1')
    const late = kept.watch('a')
    kept.suback()
    expect(late.log).toEqual(['open', '1'])
    const lost = subscriptionsSetting()
    lost.online(resumed)
    lost.offline()
    lost.online()
    lost.receive('a', '1')
    expect(lost.incidents).toHaveLength(1)
    expect(lost.timers()).toBe(0)
  })

  it('is not given twice to who leaves and comes back while another still waits for it', () => {
    const { online, watch, suback, unsuback, receive, acknowledged } = subscriptionsSetting()
    online(resumed)
    const one = watch('a')
    receive('a', '1')
    suback()
    receive('a', '2')
    const wide = watch('#')
    receive('a', '3')
    one.leave()
    const again = watch('a')
    unsuback()
    const requested = one.log.length
    receive('a', '4')
    suback()
    suback()
    expect(one.log.slice(0, requested)).toEqual(['open', '1', '2', '3', 'closed'])
    expect(wide.log).toEqual(['open', '3', '4'])
    expect(again.log).toEqual(['open', '4'])
    expect(acknowledged).toEqual(['1', '2', '3', '4'])
  })
})
