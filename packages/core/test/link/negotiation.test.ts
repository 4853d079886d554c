import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { subscriptionsSetting } from './subscriptions-setting.js'

const resumed = { sessionPresent: true }

describe('a connection that comes again', () => {
  it('with its session keeps the windows and sends nothing', () => {
    const { online, offline, watch, suback, takePackets, receive, calls } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    takePackets()
    calls.length = 0
    offline()
    online(resumed)
    receive('a', 'x')
    expect(one.log).toEqual(['open', 'x'])
    expect([takePackets(), calls]).toEqual([[], ['ready']])
  })

  it('without its session closes every window and opens another when it is granted', () => {
    const { online, offline, watch, suback, takePackets, receive, calls } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    takePackets()
    calls.length = 0
    offline()
    expect(one.log).toEqual(['open'])
    online()
    expect(one.log).toEqual(['open', 'closed'])
    expect([takePackets(), calls]).toEqual([['+a #1'], []])
    suback()
    receive('a', 'x')
    expect(one.log).toEqual(['open', 'closed', 'open', 'x'])
    expect(calls).toEqual(['ready'])
  })

  it('with a session that may be another opens every window anew, and undoes what was left', () => {
    const { online, offline, watch, suback, unsuback, takePackets, receive } = subscriptionsSetting()
    online()
    const [one, left] = [watch('a'), watch('b')]
    suback()
    suback()
    offline()
    left.leave()
    watch('c').leave()
    takePackets()
    online(resumed, false)
    expect(one.log).toEqual(['open', 'closed'])
    expect(takePackets()).toEqual(['+a #1', '-b'])
    suback()
    unsuback()
    receive('a', 'x')
    expect(one.log).toEqual(['open', 'closed', 'open', 'x'])
    expect(takePackets()).toEqual([])
  })

  it('is ready when every answer is in, refusals included, and once', () => {
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

  it('does not keep the way out waiting for an UNSUBSCRIBE', () => {
    const { online, offline, watch, suback, takePackets, calls } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    offline()
    one.leave()
    calls.length = 0
    takePackets()
    online(resumed)
    expect([takePackets(), calls]).toEqual([['-a'], ['ready']])
  })

  it('undoes what was left meanwhile where the session is kept, and forgets it where it is lost', () => {
    for (const isKept of [true, false]) {
      const { online, offline, watch, suback, takePackets, unsuback } = subscriptionsSetting()
      online()
      const one = watch('a')
      suback()
      offline()
      one.leave()
      takePackets()
      online({ sessionPresent: isKept })
      expect(takePackets()).toEqual(isKept ? ['-a'] : [])
      if (isKept) unsuback()
      offline()
      online(resumed)
      expect(takePackets()).toEqual([])
    }
  })

  it('opens a window for who left and came back meanwhile, session kept or lost', () => {
    for (const isKept of [true, false]) {
      const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
      online()
      const one = watch('a')
      suback()
      offline()
      one.leave()
      const again = watch('a', { qos: 2 })
      takePackets()
      online({ sessionPresent: isKept })
      expect(takePackets()).toEqual(['+a #1'])
      receive('a', 'waited')
      suback()
      receive('a', 'x')
      expect(again.log).toEqual(['open', 'waited', 'x'])
      expect(again.windows).toMatchObject([{ grantedQoS: 2 }])
    }
  })
})

describe('what the broker had before it refused', () => {
  it('is undone, for it may have it still', () => {
    const { online, offline, watch, suback, unsuback, takePackets } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
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

  it('is not undone behind the back of who asks again at once', () => {
    const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    offline()
    one.leave()
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

  it('is undone where nobody waits for the answer any more', () => {
    const { online, offline, watch, suback, takePackets, receive, incidents } = subscriptionsSetting()
    online()
    const [one, fresh] = [watch('a'), watch('b')]
    suback()
    one.leave()
    fresh.leave()
    suback(0x87)
    receive('b', 'nobody asks for it')
    expect(incidents).toHaveLength(1)
    offline()
    const again = watch('a')
    online(resumed)
    again.leave()
    takePackets()
    suback(0x87)
    expect(takePackets()).toEqual(['-a'])
  })

  it('is asked for again where the transport will not unsubscribe, for who came back meanwhile', () => {
    const { online, watch, suback, takePackets, transport } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
    const again = watch('a')
    takePackets()
    transport.unsubscribed[0]?.subscriber.error(failure('overflow'))
    expect(takePackets()).toEqual(['+a #1'])
    suback()
    expect(again.log).toEqual(['open'])
  })

  it('is given up where the transport will not unsubscribe', () => {
    const { online, watch, suback, takePackets, transport } = subscriptionsSetting()
    online()
    const one = watch('a')
    suback()
    one.leave()
    takePackets()
    transport.unsubscribed[0]?.subscriber.error(failure('overflow'))
    expect(takePackets()).toEqual([])
    watch('a')
    expect(takePackets()).toEqual(['+a #1'])
  })
})

describe('the packets after a lost session', () => {
  it('are as few as the filters allow: those that overlap go apart, so that each has an identifier', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    for (const filter of ['a/1', 'a/2', 'a/+', 'b', '#', 'c/#', 'a/3']) watch(filter)
    online()
    expect(takePackets()).toEqual(['+a/1,a/2,b,c/#,a/3 #1', '+a/+ #2', '+# #3'])
  })

  it('are fewer where the broker knows no identifiers', () => {
    const { online, watch, takePackets } = subscriptionsSetting()
    for (const filter of ['a/1', 'a/+', '#']) watch(filter)
    online({ subscriptionIdentifiers: false })
    expect(takePackets()).toEqual(['+a/1,a/+,#'])
  })

  it('hold no more filters than they may', () => {
    const { online, offline, watch, suback, takePackets } = subscriptionsSetting({ filtersPerSubscribe: 2 })
    const all = ['a', 'b', 'c', 'd', 'e'].map((filter) => watch(filter))
    online()
    expect(takePackets()).toEqual(['+a,b #1', '+c,d #1', '+e #1'])
    for (let count = 0; count < 3; count++) suback()
    offline()
    for (const one of all) one.leave()
    online(resumed)
    expect(takePackets()).toEqual(['-a,b', '-c,d', '-e'])
  })

  it('give a filter the identifier that nothing which overlaps it has', () => {
    const { online, watch, takePackets, suback, unsuback } = subscriptionsSetting()
    online()
    watch('a/b')
    const wide = watch('a/#')
    watch('+/b')
    watch('c')
    expect(takePackets()).toEqual(['+a/b #1', '+a/# #2', '++/b #3', '+c #1'])
    for (let count = 0; count < 4; count++) suback()
    wide.leave()
    unsuback()
    takePackets()
    watch('a/c')
    watch('$share/g/a/b')
    expect(takePackets()).toEqual(['+a/c #1', '+$share/g/a/b #2'])
  })

  it('may be met with changes of mind from within a closing window', () => {
    const { online, offline, watch, suback, takePackets, receive } = subscriptionsSetting()
    online()
    const inner: string[][] = []
    const first = watch('a', {
      onClosed: () => {
        second.leave()
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
