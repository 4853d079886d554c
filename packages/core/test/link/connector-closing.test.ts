import { describe, expect, it } from 'vitest'
import { accepted, connectorSetting } from './connector-setting.js'
import { failure } from './manual-transport.js'
import { arrival } from './messages.js'

describe('closing a connector', () => {
  it('that never was opened ends it, and keeps it closed', () => {
    const { connector, log, completeDisconnect, transport } = connectorSetting()
    connector.close()
    completeDisconnect()
    connector.open()
    expect(log).toEqual(['ENDED', 'closed', '|'])
    expect(transport.connections).toEqual([])
  })

  it('that connects drops the connection', () => {
    const { connector, log, completeDisconnect, transport, timers } = connectorSetting()
    connector.open()
    connector.close()
    expect(transport.openConnections()).toBe(0)
    completeDisconnect()
    expect(log).toEqual(['connecting 1', 'ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })

  it('that is online says farewell and waits until it is gone; what arrives meanwhile is handed on', () => {
    const { connector, log, accept, completeDisconnect, transport, timers } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    const { subscriber: response } = transport.connections[0] ?? {}
    response?.next({ type: 'message', message: arrival('a', '1'), acknowledge: () => undefined })
    expect([transport.openConnections(), log]).toEqual([1, ['ARRIVED 1']])
    response?.complete()
    expect(log).toEqual(['ARRIVED 1'])
    completeDisconnect()
    expect(log).toEqual(['ARRIVED 1', 'ENDED', 'closed', '|'])
    expect([transport.openConnections(), timers()]).toEqual([0, 0])
  })

  it('survives a farewell that fails, and a loss meanwhile', () => {
    const { connector, log, accept, fail, transport } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    fail('connection-lost', 0x8e)
    expect(log).toEqual([])
    transport.disconnects[0]?.subscriber.error(failure('connection-lost'))
    expect(log).toEqual(['ENDED', 'closed', '|'])
  })

  it('does not wait for a farewell that never ends', () => {
    const { connector, log, accept, advance, transport, timers } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    advance(4_999)
    expect(log).toEqual([])
    advance(1)
    expect(log).toEqual(['ENDED', 'closed', '|'])
    expect(transport.openConnections()).toBe(0)
    expect(transport.disconnects[0]?.subscriber.closed).toBe(true)
    expect(timers()).toBe(0)
  })

  it('that waits for its next attempt makes none', () => {
    const { connector, log, fail, completeDisconnect, advance, transport, timers } = connectorSetting()
    connector.open()
    fail('connection-lost')
    connector.close()
    completeDisconnect()
    advance(10_000)
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect([transport.connections.length, timers()]).toEqual([1, 0])
  })

  it('that has ended, or is being closed, changes nothing', () => {
    const ended = connectorSetting()
    ended.connector.open()
    ended.fail('invalid-argument')
    ended.connector.close()
    expect(ended.log.slice(1)).toEqual(['ENDED invalid-argument', 'closed invalid-argument', '|'])
    expect(ended.transport.disconnects).toEqual([])
    const closing = connectorSetting()
    closing.connector.open()
    closing.connector.close()
    closing.connector.close()
    closing.completeDisconnect()
    closing.connector.close()
    expect(closing.transport.disconnects).toHaveLength(1)
    expect(closing.log).toEqual(['connecting 1', 'ENDED', 'closed', '|'])
  })

  it.each([
    'connecting 1',
    'online',
    'ONLINE me',
    'OFFLINE',
    'offline connection-lost 100',
    'ENDED',
    'closed',
  ])('from within %s is the end of it', (when) => {
    const { connector, log, transport, advance, timers } = connectorSetting({
      connect: ({ subscriber: response }) => {
        accepted({ subscriber: response })
        response.error(failure('connection-lost'))
      },
      disconnect: ({ subscriber: response }) => response.complete(),
      told: (what, connector) => {
        if (what === when) connector.close()
      },
    })
    connector.open()
    advance(50)
    connector.close()
    advance(10_000)
    const outcome = ['ENDED', 'closed', '|']
    const after = log.slice(log.indexOf(when) + 1)
    expect(after).toEqual(outcome.slice(outcome.indexOf(when) + 1))
    expect(transport.attempts).toEqual(when === 'connecting 1' ? [] : [1])
    expect([transport.openConnections(), timers()]).toEqual([0, 0])
  })
})
