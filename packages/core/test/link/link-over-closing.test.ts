import { describe, expect, it } from 'vitest'
import type { LinkState } from '../../src/link/link.js'
import { linkSetting, type LinkSetting } from './link-setting.js'
import { bytes, outgoing } from './messages.js'

/** Closes the link and returns after how many milliseconds `close` resolved. */
async function timeToClose({ link, advance, scheduler }: LinkSetting): Promise<number> {
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
  throw new Error('the link was not closed within 10 s')
}

describe('Link.close', () => {
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
  ])('resolves on every call and leaves no timer on a link that was %s', async (_, prepare) => {
    const setting = linkSetting()
    const { link, states, timers, broker, advance, subscribe, publish } = setting
    prepare(setting)
    const received = subscribe('a')
    const acks = publish('elsewhere', '0')
    const ends: string[] = []
    link.incidents$.subscribe({ complete: () => ends.push('|') })
    const first = link.close()
    expect(link.close()).toBe(first)
    expect(await timeToClose(setting)).toBeLessThan(10)
    await first
    advance(10)
    expect([timers(), ends]).toEqual([0, ['|']])
    expect(acks[0]).toMatch(/^0 (16|link-closed)$/)
    expect(states()).toEqual(['closed', '|'])
    expect(received.log).toHaveLength(1)
    expect(publish('a', '1')).toEqual(['1 link-closed'])
    expect(broker.session('me')?.isConnected ?? false).toBe(false)
  })

  it('waits for acknowledgements of published messages and refuses new ones', async () => {
    const setting = linkSetting({ limits: { receiveMaximum: 1 }, latency: 10 })
    const { link, states, publish, advance, published, timers } = setting
    states()
    advance(100)
    const acks = ['1', '2', '3'].map((text) => publish('a', text))
    void link.close()
    const closed = timeToClose(setting)
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

  it('waits no longer than closeTimeout, plus 5 s for disconnecting', async () => {
    const setting = linkSetting({ closeTimeout: 500 })
    const { states, publish, advance, broker, timers } = setting
    states()
    advance(10)
    broker.inject({ kind: 'drop', direction: 'from-client', packets: ['publish', 'disconnect'], times: 9 })
    const ack = publish('a', '1')
    expect(await timeToClose(setting)).toBe(5_500)
    expect(ack).toEqual(['1 link-closed'])
    advance(10)
    expect(timers()).toBe(0)
  })

  it('waits across a lost connection, up to closeTimeout', async () => {
    const setting = linkSetting({ latency: 10 })
    const { states, publish, advance, broker, published, scheduler } = setting
    states()
    advance(100)
    const ack = publish('a', '1')
    scheduler.schedule(() => broker.disconnect('me', { session: 'lose' }), 5)
    expect(await timeToClose(setting)).toBeLessThan(300)
    expect(ack).toEqual(['1 16', '|'])
    expect(published).toEqual(['a 1'])
    const down = linkSetting({ closeTimeout: 700 })
    down.states()
    down.advance(10)
    const lost = down.publish('a', '1')
    down.broker.down()
    expect(await timeToClose(down)).toBe(700)
    expect(lost).toEqual(['1 link-closed'])
  })

  it('resolves when a fatal error ends the link meanwhile, and reports the error to all streams', async () => {
    const setting = linkSetting({ latency: 10 })
    const { link, subscribe, publish, advance, broker, timers } = setting
    const states: LinkState[] = []
    link.state$.subscribe((state) => states.push(state))
    const received = subscribe('a')
    advance(100)
    const ack = publish('a', '1')
    const closed = timeToClose(setting)
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
  ])('closes the link when called from the callback of %s', async (_, subscribeTo) => {
    const setting = linkSetting()
    const { link, subscribe, publish, advance, broker, timers } = setting
    let closed: Promise<void> | undefined
    subscribeTo(setting, () => {
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
