import { describe, expect, it } from 'vitest'
import { outboxSetting } from './outbox-setting.js'

describe('Outbox in a resumed session', () => {
  it('sends again what was in flight, in order and before the rest, within the new Receive Maximum', () => {
    const { outbox, online, send, takeSent, acknowledge, resumeSession } = outboxSetting()
    online({ receiveMaximum: 3 })
    for (const text of ['1', '2', '3', '4']) send(text)
    outbox.pause()
    takeSent()
    resumeSession()
    online({ receiveMaximum: 2 })
    expect(takeSent()).toEqual(['1', '2'])
    acknowledge('1')
    acknowledge('2')
    expect(takeSent()).toEqual(['3', '4'])
  })

  it('counts messages whose PUBREC arrived until their PUBCOMP', () => {
    const { outbox, online, send, takeSent, acknowledge } = outboxSetting()
    online({ receiveMaximum: 2 })
    for (const text of ['1', '2', '3']) send(text, { qos: 2 })
    outbox.pause()
    takeSent()
    online({ receiveMaximum: 1 })
    acknowledge('1')
    expect(takeSent()).toEqual([])
    acknowledge('2')
    expect(takeSent()).toEqual(['3'])
  })

  it('sends again a message whose subscriber unsubscribed, because the session still has it', () => {
    const { outbox, online, send, takeSent, resumeSession } = outboxSetting()
    online()
    const first = send('1')
    const second = send('2')
    outbox.pause()
    takeSent()
    first.unsubscribe()
    resumeSession()
    second.unsubscribe()
    online()
    expect(takeSent()).toEqual(['1', '2'])
  })

  it('expires a QoS 1 message and discards it, but sends a QoS 2 message with an expiry of at least 1', () => {
    const { outbox, online, send, advance, takeSent, resumeSession, log, discarded, transport } =
      outboxSetting()
    online()
    send('1', { messageExpiryInterval: 5 })
    send('2', { messageExpiryInterval: 5, qos: 2 })
    send('3', { messageExpiryInterval: 60 })
    outbox.pause()
    takeSent()
    advance(10_500)
    resumeSession()
    online()
    expect(takeSent()).toEqual(['2', '3'])
    expect(transport.published.slice(-2).map(({ message }) => message.messageExpiryInterval)).toEqual([1, 50])
    expect([log, discarded]).toEqual([['1 expired'], ['1']])
  })

  it('discards a message that the new connection does not allow', () => {
    const { outbox, online, send, takeSent, resumeSession, log, discarded } = outboxSetting()
    online()
    send('1'.repeat(1_000))
    send('2')
    outbox.pause()
    takeSent()
    resumeSession()
    online({ maximumPacketSize: 500 })
    expect(takeSent()).toEqual(['2'])
    expect([log, discarded]).toEqual([['1'.repeat(1_000) + ' too-large'], ['1'.repeat(1_000)]])
  })

  it('publishes a message as a new one if the session is lost after all, unless its subscriber unsubscribed', () => {
    const { outbox, online, send, takeSent, resumeSession, loseSession, timers } = outboxSetting()
    online()
    send('1', { messageExpiryInterval: 5, qos: 2 })
    const second = send('2')
    outbox.pause()
    takeSent()
    resumeSession()
    outbox.pause()
    second.unsubscribe()
    loseSession()
    expect(timers()).toBe(1)
    online()
    expect(takeSent()).toEqual(['1'])
    expect(timers()).toBe(0)
  })

  it('discards a message that has failed in the meantime', () => {
    const { outbox, online, send, resumeSession, discarded } = outboxSetting()
    online()
    send('1')
    outbox.closedByBroker(undefined)
    for (let close = 2; close <= 3; close++) {
      resumeSession()
      online()
      outbox.closedByBroker(undefined)
    }
    expect(discarded).toEqual([])
    resumeSession()
    expect(discarded).toEqual(['1'])
  })
})

describe('Outbox over a broker that closes connections because of a message', () => {
  it.each(['resumed', 'lost'] as const)(
    'sends the suspect alone and fails it the third time: session %s',
    (session) => {
      const { outbox, online, send, takeSent, log, errors, ...setting } = outboxSetting()
      const reconnect = (): void => {
        if (session === 'lost') setting.loseSession()
        else setting.resumeSession()
        online()
      }
      online()
      for (const text of ['bad', '1', '2']) send(text)
      outbox.closedByBroker(0x82)
      takeSent()
      for (let close = 2; close <= 3; close++) {
        reconnect()
        send(`after ${close}`)
        send(`QoS 0 ${close}`, { qos: 0 })
        expect(takeSent()).toEqual(['bad'])
        expect(log).toEqual([])
        outbox.closedByBroker(0x82)
      }
      expect(log).toEqual(['bad publish-refused'])
      expect(errors).toMatchObject([{ topic: 'a', phase: 'after-network', reasonCode: 0x82 }])
      reconnect()
      expect(takeSent()).toEqual(['1', '2', 'after 2', 'QoS 0 2', 'after 3', 'QoS 0 3'])
    },
  )

  it('clears the suspect when the broker acknowledges it, and sends the rest', () => {
    const { outbox, online, send, takeSent, acknowledge, resumeSession, log } = outboxSetting()
    online()
    for (const text of ['1', '2', '3']) send(text)
    for (let close = 1; close <= 2; close++) {
      outbox.closedByBroker(undefined)
      takeSent()
      resumeSession()
      online()
      expect(takeSent()).toEqual(['1'])
    }
    acknowledge('1')
    expect(takeSent()).toEqual(['2', '3'])
    outbox.closedByBroker(undefined)
    expect(log).toEqual(['1 0'])
  })

  it('waits with the suspect until messages whose PUBREC arrived are complete', () => {
    const { outbox, online, send, takeSent, acknowledge, transport, resumeSession } = outboxSetting()
    online()
    send('accepted', { qos: 2 })
    send('bad')
    send('1')
    acknowledge('accepted')
    outbox.closedByBroker(undefined)
    resumeSession()
    takeSent()
    online()
    expect(takeSent()).toEqual(['bad'])
    expect(transport.published).toHaveLength(4)
  })

  it('does not suspect a message whose PUBREC arrived', () => {
    const { outbox, online, send, takeSent, log } = outboxSetting()
    online()
    send('accepted', { qos: 2 })
    takeSent()
    // The transport does not report it to be sent again.
    for (let close = 1; close <= 4; close++) {
      outbox.closedByBroker(undefined)
      online()
    }
    send('1')
    expect([takeSent(), log]).toEqual([['1'], []])
  })
})
