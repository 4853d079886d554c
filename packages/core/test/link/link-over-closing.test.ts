import { describe, expect, it } from 'vitest'
import type { LinkState } from '../../src/link/link.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { bytes, outgoing } from './messages.js'

/** Closes, and tells after how many milliseconds that was done. */
async function closing({ link, advance, scheduler }: LinkSetting): Promise<number> {
  const before = scheduler.now()
  let after: number | undefined
  void link.close().then(() => {
    after = scheduler.now()
  })
  for (let waited = 0; waited <= 10_000; waited++) {
    await Promise.resolve()
    if (after !== undefined) return after - before
    advance(1)
  }
  throw new Error('it was not closed within 10 s')
}

describe('closing a link', () => {
  it.each<[string, (setting: LinkSetting) => void]>([
    ['never opened', () => undefined],
    ['connecting', ({ states }) => void states()],
    [
      'online',
      ({ states, advance }) => {
        states()
        advance(10)
      },
    ],
    [
      'waiting for its next attempt',
      ({ states, advance, broker }) => {
        states()
        advance(10)
        broker.down()
        advance(50)
      },
    ],
    [
      'refused for good',
      ({ states, advance, broker }) => {
        broker.refuseConnect(0x85)
        states()
        advance(10)
      },
    ],
  ])('that was %s resolves, however often it is called, and leaves nothing', async (_, live) => {
    const setting = linkSetting()
    const { link, states, timers, broker, advance, subscribe, publish } = setting
    live(setting)
    const received = subscribe('a')
    const sentOrNot = publish('elsewhere', '0')
    const ends: string[] = []
    link.incidents$.subscribe({ complete: () => ends.push('|') })
    const first = link.close()
    expect(link.close()).toBe(first)
    expect(await closing(setting)).toBeLessThan(10)
    await first
    advance(10)
    expect([timers(), ends]).toEqual([0, ['|']])
    expect(sentOrNot[0]).toMatch(/^0 (16|link-closed)$/)
    expect(states()).toEqual(['closed', '|'])
    expect(received.log).toHaveLength(1)
    expect(publish('a', '1')).toEqual(['1 link-closed'])
    expect(broker.session('me')?.isConnected ?? false).toBe(false)
  })

  it('waits for what was published, and takes nothing new', async () => {
    const setting = linkSetting({ limits: { receiveMaximum: 1 }, latency: 10 })
    const { link, states, publish, advance, published, timers } = setting
    states()
    advance(100)
    const acks = ['1', '2', '3'].map((text) => publish('a', text))
    void link.close()
    const closed = closing(setting)
    const late = publish('a', '4')
    expect(await closed).toBe(80)
    expect(acks).toEqual([
      ['1 16', '|'],
      ['2 16', '|'],
      ['3 16', '|'],
    ])
    expect(late).toEqual(['4 link-closed'])
    expect(published).toEqual(['a 1', 'a 2', 'a 3'])
    expect(timers()).toBe(0)
  })

  it('does not wait longer than it may, nor for a farewell that is lost', async () => {
    const setting = linkSetting({ closeTimeout: 500 })
    const { states, publish, advance, broker, timers } = setting
    states()
    advance(10)
    broker.inject({ kind: 'drop', direction: 'from-client', packets: ['publish', 'disconnect'], times: 9 })
    const ack = publish('a', '1')
    expect(await closing(setting)).toBe(5_500)
    expect(ack).toEqual(['1 link-closed'])
    advance(10)
    expect(timers()).toBe(0)
  })

  it('goes on over a connection that is lost meanwhile, for as long as it may', async () => {
    const setting = linkSetting({ latency: 10 })
    const { states, publish, advance, broker, published, scheduler } = setting
    states()
    advance(100)
    const ack = publish('a', '1')
    scheduler.schedule(() => broker.disconnect('me', { session: 'lose' }), 5)
    expect(await closing(setting)).toBeLessThan(300)
    expect(ack).toEqual(['1 16', '|'])
    expect(published).toEqual(['a 1'])
    const down = linkSetting({ closeTimeout: 700 })
    down.states()
    down.advance(10)
    const lost = down.publish('a', '1')
    down.broker.down()
    expect(await closing(down)).toBe(700)
    expect(lost).toEqual(['1 link-closed'])
  })

  it('resolves when the broker ends it for good meanwhile, and tells everybody why', async () => {
    const setting = linkSetting({ latency: 10 })
    const { link, subscribe, publish, advance, broker, timers } = setting
    const states: LinkState[] = []
    link.state$.subscribe((state) => states.push(state))
    const received = subscribe('a')
    advance(100)
    const ack = publish('a', '1')
    const closed = closing(setting)
    broker.disconnect('me', { reasonCode: 0x8e })
    await closed
    expect(ack).toEqual(['1 link-closed'])
    expect(received.log).toEqual(['connection-lost'])
    expect(states.at(-1)).toMatchObject({ status: 'closed', error: { reasonCode: 0x8e } })
    expect(timers()).toBe(0)
  })

  it.each<[string, (setting: LinkSetting, close: () => void) => void]>([
    ['a message', ({ link }, close) => void link.messages$('a').subscribe(close)],
    ['a window', ({ link }, close) => void link.subscription$('a').subscribe(close)],
    ['an acknowledgement', ({ link }, close) => void link.publish$(outgoing('a')).subscribe(close)],
    [
      'the end of a publish',
      ({ link }, close) => void link.publish$(outgoing('a')).subscribe({ complete: close }),
    ],
    [
      'a state',
      ({ link }, close) => void link.state$.subscribe(({ status }) => status === 'online' && close()),
    ],
    ['an incident', ({ link }, close) => void link.incidents$.subscribe(close)],
  ])('may be done from within %s', async (_, wait) => {
    const setting = linkSetting()
    const { link, subscribe, publish, advance, broker, timers } = setting
    let closed: Promise<void> | undefined
    wait(setting, () => {
      closed ??= link.close()
    })
    const other = subscribe('b')
    advance(5)
    publish('a', '1')
    broker.publish({ topic: 'b', payload: bytes('x') })
    broker.inject({ kind: 'malform', topic: 'b' })
    publish('b', '2')
    advance(10_000)
    await closed
    expect(closed).toBeDefined()
    expect(other.log.at(-1)).toBe('|')
    expect(timers()).toBe(0)
    expect(broker.session('me')?.isConnected ?? false).toBe(false)
  })
})
