import { describe, expect, it } from 'vitest'
import { failure } from './manual-transport.js'
import { outboxSetting, type OutboxSetting } from './outbox-setting.js'

const intervals = ({ transport }: OutboxSetting): (number | undefined)[] =>
  transport.published.map(({ message }) => message.messageExpiryInterval)

describe('Outbox message expiry', () => {
  it('fails queued messages exactly when they expire', () => {
    const { send, advance, log, timers } = outboxSetting()
    send('1', { messageExpiryInterval: 2 })
    send('2', { messageExpiryInterval: 1 })
    send('3')
    advance(999)
    expect(log).toEqual([])
    advance(1)
    expect(log).toEqual(['2 expired'])
    advance(999)
    expect(log).toEqual(['2 expired'])
    advance(1)
    expect(log).toEqual(['2 expired', '1 expired'])
    expect(timers()).toBe(0)
  })

  it('sends the remaining expiry, rounded up to seconds', () => {
    const setting = outboxSetting()
    const { send, advance, online } = setting
    send('1', { messageExpiryInterval: 10 })
    send('2')
    advance(1)
    send('3', { messageExpiryInterval: 10 })
    advance(1_000)
    online()
    send('4', { messageExpiryInterval: 10 })
    expect(intervals(setting)).toEqual([9, undefined, 9, 10])
  })

  it('sends an expiry of 1 until the message expires, and nothing afterwards', () => {
    const late = outboxSetting()
    late.send('1', { messageExpiryInterval: 1 })
    late.advance(999)
    late.online()
    expect(intervals(late)).toEqual([1])
    const over = outboxSetting()
    over.scheduler.schedule(() => over.online(), 1_000)
    over.send('1', { messageExpiryInterval: 1 })
    over.advance(1_000)
    expect(over.takeSent()).toEqual([])
    expect(over.log).toEqual(['1 expired'])
    expect(over.timers()).toBe(0)
  })

  it('leaves no expiry timer when the message is sent, unsubscribed or failed', () => {
    const { send, online, timers, outbox } = outboxSetting()
    send('1', { messageExpiryInterval: 5 }).unsubscribe()
    expect(timers()).toBe(0)
    send('2', { messageExpiryInterval: 5 })
    online({ receiveMaximum: 1 })
    expect(timers()).toBe(0)
    send('3', { messageExpiryInterval: 5 })
    expect(timers()).toBe(1)
    outbox.end(failure('link-closed'))
    expect(timers()).toBe(0)
  })

  it('does not expire messages that wait for their acknowledgement', () => {
    const { send, online, advance, acknowledge, log } = outboxSetting()
    online()
    send('1', { messageExpiryInterval: 1 })
    advance(60_000)
    acknowledge('1')
    expect(log).toEqual(['1 0'])
  })

  it('expires messages of a lost session, or resends them with the remaining expiry', () => {
    const setting = outboxSetting()
    const { send, online, outbox, advance, loseSession, log, transport, timers } = setting
    online()
    send('1', { messageExpiryInterval: 2 })
    send('2', { messageExpiryInterval: 5 })
    send('3', { messageExpiryInterval: 10 })
    advance(2_000)
    outbox.pause()
    loseSession()
    advance(0)
    expect(log).toEqual(['1 expired'])
    advance(3_000)
    expect(log).toEqual(['1 expired', '2 expired'])
    advance(1)
    transport.published.length = 0
    online()
    expect(intervals(setting)).toEqual([5])
    expect(timers()).toBe(0)
  })

  it('says in the expired error whether the message was ever sent', () => {
    const { outbox, online, send, advance, loseSession, errors } = outboxSetting()
    online()
    send('once', { messageExpiryInterval: 1 })
    outbox.pause()
    send('never', { messageExpiryInterval: 1 })
    loseSession()
    advance(1_000)
    expect(errors).toMatchObject([
      { code: 'expired', topic: 'a', phase: 'before-network' },
      { code: 'expired', topic: 'a', phase: 'after-network' },
    ])
    expect(errors[0]?.message).toBe(
      '[expired] cannot publish to a: it was never sent within its messageExpiryInterval of 1 s',
    )
    expect(errors[1]?.message).not.toContain('never sent')
  })
})
