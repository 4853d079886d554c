import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { completeWith } from './manual-transport.js'
import { outboxSetting } from './outbox-setting.js'

const closed = new AntiphonError('link-closed', 'closed')

describe('Outbox called from its own callbacks', () => {
  it('queues a message published on an acknowledgement behind the waiting ones', () => {
    const { send, online, acknowledge, takeSent } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1', {}, () => send('nested'))
    send('2')
    acknowledge('1')
    acknowledge('2')
    expect(takeSent()).toEqual(['1', '2', 'nested'])
  })

  it('sends messages published on failures, repeatedly', () => {
    const { send, online, log, takeSent } = outboxSetting()
    send('1', { retain: true }, () => send('2', { retain: true }, () => send('3')))
    send('4')
    online({ retainAvailable: false })
    expect(log).toEqual(['1 publish-refused', '2 publish-refused'])
    expect(takeSent()).toEqual(['4', '3'])
  })

  it('does not send a message unsubscribed on the acknowledgement before it', () => {
    const { send, online, acknowledge, takeSent } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1', {}, () => second.unsubscribe())
    const second = send('2')
    send('3')
    acknowledge('1')
    expect(takeSent()).toEqual(['1', '3'])
  })

  it('can be ended or paused on an acknowledgement', () => {
    const ended = outboxSetting()
    ended.online({ receiveMaximum: 1 })
    ended.send('1', {}, () => ended.outbox.end(closed))
    ended.send('2')
    ended.acknowledge('1')
    expect(ended.log).toEqual(['1 0', '2 link-closed'])
    expect(ended.takeSent()).toEqual(['1'])
    const lost = outboxSetting()
    lost.online({ receiveMaximum: 1 })
    lost.send('1', {}, () => lost.outbox.pause())
    lost.send('2')
    lost.acknowledge('1')
    expect(lost.takeSent()).toEqual(['1'])
    lost.online()
    expect(lost.takeSent()).toEqual(['2'])
  })

  it('can be drained on the last acknowledgement', () => {
    const { outbox, send, online, acknowledge, log } = outboxSetting()
    online()
    send('1', {}, () => outbox.drain(closed, () => log.push('idle')))
    acknowledge('1')
    expect(log).toEqual(['1 0', 'idle'])
  })

  it('sends nothing when a message is unsubscribed while the outbox ends', () => {
    const { outbox, send, online, takeSent, log } = outboxSetting()
    online({ receiveMaximum: 1 })
    send('1', {}, () => second.unsubscribe())
    const second = send('2')
    send('3', { qos: 0 })
    outbox.end(closed)
    expect(takeSent()).toEqual(['1'])
    expect(log).toEqual(['1 link-closed', '3 link-closed'])
  })

  it('fails a message published while the outbox ends', () => {
    const { outbox, send, log } = outboxSetting()
    send('1', {}, () => send('nested'))
    send('2')
    outbox.end(closed)
    expect(log).toEqual(['1 link-closed', 'nested link-closed', '2 link-closed'])
  })

  it('keeps the order of the queue over a synchronous transport', () => {
    const { send, online, takeSent, log } = outboxSetting({
      react: { publish: (call) => completeWith(call, { reasonCode: 0 }) },
    })
    for (const text of ['1', '2', '3']) send(text, {}, () => void (text === '1' && send('nested')))
    online({ receiveMaximum: 1 })
    expect(takeSent()).toEqual(['1', '2', '3', 'nested'])
    expect(log).toEqual(['1 0', '2 0', '3 0', 'nested 0'])
  })
})
