import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { failure } from './manual-transport.js'
import { outboxSetting } from './outbox-setting.js'

const closed = new AntiphonError('link-closed', 'closed')

describe('a lost connection', () => {
  it('makes everything wait, and a resumed session sends nothing twice', () => {
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

  it('counts what is still in flight against a smaller quota', () => {
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

  it('with its session sends again first what was lost, in order, and only what is still wanted', () => {
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

  it('may come again before what was lost has been sent again', () => {
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

  it('that a transport tells of late does not strand a message', () => {
    const { send, online, takeSent, loseSession, acknowledge, log } = outboxSetting()
    online()
    send('1')
    send('2')
    loseSession()
    expect(takeSent()).toEqual(['1', '2', '1', '2'])
    acknowledge('2')
    expect(log).toEqual(['2 0'])
  })

  it('that a transport notices first lets what did not leave wait for the next', () => {
    let hasLine = false
    const { send, outbox, online, takeSent, log } = outboxSetting({
      react: {
        publish: ({ subscriber: response }) =>
          hasLine ? undefined : response.error(failure('connection-lost')),
      },
    })
    send('1')
    send('2')
    online()
    send('3')
    expect(takeSent()).toEqual(['1'])
    outbox.pause()
    hasLine = true
    online()
    expect(takeSent()).toEqual(['1', '2', '3'])
    expect(log).toEqual([])
  })

  it('fails QoS 0 in flight, which may go at most once', () => {
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

  it('holds what was lost within the bounds of the queue', () => {
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

describe('draining an outbox', () => {
  it('is over at once where nothing is under way, and once only', () => {
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

  it('waits for what is in flight and for what waits, wanted or not, and takes nothing new', () => {
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

  it('tells who waits for an acknowledgement before it says that it is over', () => {
    const { outbox, send, online, acknowledge, log } = outboxSetting()
    online()
    send('1')
    outbox.drain(closed, () => log.push('idle'))
    acknowledge('1')
    expect(log).toEqual(['1 0', 'idle'])
  })

  it('goes on over a lost session, and does not wait for what is no longer wanted there', () => {
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

  it('is over when the last that waits is taken out, expires or is refused', () => {
    const idle: string[] = []
    const taken = outboxSetting()
    const last = taken.send('1')
    taken.outbox.drain(closed, () => idle.push('taken out'))
    last.unsubscribe()
    const expiring = outboxSetting()
    expiring.send('1', { messageExpiryInterval: 1 })
    expiring.outbox.drain(closed, () => idle.push('expired'))
    expiring.advance(1_000)
    const refused = outboxSetting()
    refused.send('1', { retain: true })
    refused.outbox.drain(closed, () => idle.push('refused'))
    refused.online({ retainAvailable: false })
    expect(idle).toEqual(['taken out', 'expired', 'refused'])
  })
})

describe('the end of an outbox', () => {
  it('fails all that is left, once, and all that comes, and leaves no timer', () => {
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
    for (const { subscriber: response } of transport.published) response.error(failure('session-lost'))
    outbox.pause()
    online()
    expect(takeSent()).toEqual([])
    expect(log).toHaveLength(4)
    expect(timers()).toBe(0)
  })

  it('fails what a lost session left behind', () => {
    const { outbox, send, online, loseSession, log, timers } = outboxSetting()
    online()
    send('1', { messageExpiryInterval: 10 })
    outbox.pause()
    loseSession()
    outbox.end(closed)
    expect(log).toEqual(['1 link-closed'])
    expect(timers()).toBe(0)
  })

  it('is told to who drains', () => {
    const { outbox, send, online, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('in flight')
    send('waiting')
    outbox.drain(closed, () => log.push('idle'))
    outbox.end(closed)
    expect(log).toEqual(['in flight link-closed', 'waiting link-closed', 'idle'])
  })
})
