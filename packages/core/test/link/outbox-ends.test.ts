import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { failure } from './manual-transport.js'
import { outboxSetting } from './outbox-setting.js'

const closed = new AntiphonError('link-closed', 'closed')

describe('Outbox after a lost connection', () => {
  it('queues messages while offline and resends none in a resumed session', () => {
    const { send, outbox, online, takeSent, acknowledge, log } = outboxSetting()
    online({ receiveMaximum: 2 })
    for (const text of ['1', '2', '3']) send(text)
    outbox.pause()
    send('4')
    expect(takeSent()).toEqual(['1', '2'])
    online({ receiveMaximum: 2, sessionPresent: true })
    expect(takeSent()).toEqual([])
    acknowledge('1')
    acknowledge('2')
    expect(takeSent()).toEqual(['3', '4'])
    expect(log).toEqual(['1 0', '2 0'])
  })

  it('counts messages in flight against a smaller Receive Maximum', () => {
    const { send, outbox, online, takeSent, acknowledge } = outboxSetting()
    online({ receiveMaximum: 3 })
    for (const text of ['1', '2', '3', '4']) send(text)
    outbox.pause()
    online({ receiveMaximum: 1, sessionPresent: true })
    takeSent()
    acknowledge('1')
    acknowledge('2')
    expect(takeSent()).toEqual([])
    acknowledge('3')
    expect(takeSent()).toEqual(['4'])
  })

  it('resends messages of a lost session first, in order, without unsubscribed ones', () => {
    const { send, outbox, online, takeSent, loseSession, log } = outboxSetting()
    online({ receiveMaximum: 3 })
    const [, unwanted] = ['1', '2', '3', '4'].map((text) => send(text))
    outbox.pause()
    unwanted?.unsubscribe()
    send('5')
    loseSession()
    expect(takeSent()).toEqual(['1', '2', '3'])
    online({ receiveMaximum: 3 })
    expect(takeSent()).toEqual(['1', '3', '4'])
    expect(log).toEqual([])
  })

  it('keeps the order if the connection is lost again before all messages were resent', () => {
    const { send, outbox, online, takeSent, loseSession, acknowledge } = outboxSetting()
    online({ receiveMaximum: 2 })
    for (const text of ['1', '2', '3']) send(text)
    outbox.pause()
    loseSession()
    outbox.pause()
    online({ receiveMaximum: 1 })
    expect(takeSent()).toEqual(['1', '2', '1'])
    outbox.pause()
    loseSession()
    online({ receiveMaximum: 2 })
    expect(takeSent()).toEqual(['1', '2'])
    acknowledge('1')
    expect(takeSent()).toEqual(['3'])
  })

  it('resends messages whose lost session is reported while online', () => {
    const { send, online, takeSent, loseSession, acknowledge, log } = outboxSetting()
    online()
    send('1')
    send('2')
    loseSession()
    expect(takeSent()).toEqual(['1', '2', '1', '2'])
    acknowledge('2')
    expect(log).toEqual(['2 0'])
  })

  it('queues a message that the transport rejects with connection-lost before the link is offline', () => {
    let isConnected = false
    const { send, outbox, online, takeSent, log } = outboxSetting({
      react: {
        publish: ({ subscriber }) => (isConnected ? undefined : subscriber.error(failure('connection-lost'))),
      },
    })
    send('1')
    send('2')
    online()
    send('3')
    expect(takeSent()).toEqual(['1'])
    outbox.pause()
    isConnected = true
    online()
    expect(takeSent()).toEqual(['1', '2', '3'])
    expect(log).toEqual([])
  })

  it('fails QoS 0 messages in flight instead of resending them', () => {
    const { send, online, transport, log, takeSent, outbox } = outboxSetting()
    online()
    send('1', { qos: 0 })
    transport.published[0]?.subscriber.error(failure('connection-lost'))
    outbox.pause()
    send('2', { qos: 0 })
    expect(log).toEqual(['1 connection-lost'])
    online()
    expect(takeSent()).toEqual(['1', '2'])
  })

  it('counts messages to resend against the queue limit', () => {
    const { send, online, outbox, loseSession, log } = outboxSetting({ bounds: { messages: 2 } })
    online()
    send('1')
    send('2')
    outbox.pause()
    loseSession()
    send('3')
    expect(log).toEqual(['3 overflow'])
  })
})

describe('Outbox.drain', () => {
  it('calls onIdle at once and only once if the outbox is empty', () => {
    const { outbox, send, log, online } = outboxSetting()
    let idle = 0
    outbox.drain(closed, () => idle++)
    expect(idle).toBe(1)
    online()
    send('1')
    outbox.end(closed)
    expect(idle).toBe(1)
    expect(log).toEqual(['1 link-closed'])
  })

  it('waits for messages in flight and queued, and refuses new ones', () => {
    const { outbox, send, takeSent, online, acknowledge, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1').unsubscribe()
    send('2')
    let idle = 0
    outbox.drain(closed, () => idle++)
    send('3')
    acknowledge('1')
    expect(idle).toBe(0)
    expect(takeSent()).toEqual(['1', '2'])
    acknowledge('2')
    expect(idle).toBe(1)
    expect(log).toEqual(['3 link-closed', '2 0'])
  })

  it('emits the last acknowledgement before onIdle', () => {
    const { outbox, send, online, acknowledge, log } = outboxSetting()
    online()
    send('1')
    outbox.drain(closed, () => log.push('idle'))
    acknowledge('1')
    expect(log).toEqual(['1 0', 'idle'])
  })

  it('waits across a lost session, but not for messages unsubscribed meanwhile', () => {
    const { outbox, send, online, loseSession, acknowledge, log } = outboxSetting()
    online()
    const unwanted = send('1')
    send('2')
    outbox.drain(closed, () => log.push('idle'))
    outbox.pause()
    loseSession()
    unwanted.unsubscribe()
    online()
    acknowledge('2')
    expect(log).toEqual(['2 0', 'idle'])
  })

  it('calls onIdle when the last queued message is unsubscribed, expires or is refused', () => {
    const idle: string[] = []
    const unsubscribed = outboxSetting()
    const last = unsubscribed.send('1')
    unsubscribed.outbox.drain(closed, () => idle.push('unsubscribed'))
    last.unsubscribe()
    const expiring = outboxSetting()
    expiring.send('1', { messageExpiryInterval: 1 })
    expiring.outbox.drain(closed, () => idle.push('expired'))
    expiring.advance(1_000)
    const refused = outboxSetting()
    refused.send('1', { retain: true })
    refused.outbox.drain(closed, () => idle.push('refused'))
    refused.online({ retainAvailable: false })
    expect(idle).toEqual(['unsubscribed', 'expired', 'refused'])
  })
})

describe('Outbox.end', () => {
  it('fails all messages once, and later ones, and leaves no timer', () => {
    const { outbox, send, online, loseSession, acknowledge, transport, takeSent, log, timers } =
      outboxSetting()
    online({ receiveMaximum: 2 })
    send('lost')
    outbox.pause()
    loseSession()
    send('waiting', { messageExpiryInterval: 10 })
    online({ receiveMaximum: 2 })
    send('more', { messageExpiryInterval: 10 })
    takeSent()
    outbox.end(closed)
    outbox.end(failure('unknown'))
    send('late')
    expect(log).toEqual(['lost link-closed', 'waiting link-closed', 'more link-closed', 'late link-closed'])
    acknowledge('waiting')
    for (const { subscriber } of transport.published) subscriber.error(failure('session-lost'))
    outbox.pause()
    online()
    expect(takeSent()).toEqual([])
    expect(log).toHaveLength(4)
    expect(timers()).toBe(0)
  })

  it('fails messages of a lost session', () => {
    const { outbox, send, online, loseSession, log, timers } = outboxSetting()
    online()
    send('1', { messageExpiryInterval: 10 })
    outbox.pause()
    loseSession()
    outbox.end(closed)
    expect(log).toEqual(['1 link-closed'])
    expect(timers()).toBe(0)
  })

  it('calls onIdle of a drain after failing all messages', () => {
    const { outbox, send, online, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('in flight')
    send('waiting')
    outbox.drain(closed, () => log.push('idle'))
    outbox.end(closed)
    expect(log).toEqual(['in flight link-closed', 'waiting link-closed', 'idle'])
  })
})
