import { describe, expect, it } from 'vitest'
import { accepted, connectorSetting } from './connector-setting.js'
import { failure } from './manual-transport.js'
import { arrival } from './messages.js'

describe('Connector.close', () => {
  it('ends a connector that was never opened, and open no longer connects it', () => {
    const { connector, log, completeDisconnect, transport } = connectorSetting()
    connector.close()
    completeDisconnect()
    connector.open()
    expect(log).toEqual(['ENDED', 'closed', '|'])
    expect(transport.connections).toEqual([])
  })

  it('aborts the connection attempt of a connecting connector', () => {
    const { connector, log, completeDisconnect, transport, timers } = connectorSetting()
    connector.open()
    connector.close()
    expect(transport.openConnections()).toBe(0)
    completeDisconnect()
    expect(log).toEqual(['connecting 1', 'ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })

  it('disconnects an online connector and passes on messages until the connection is closed', () => {
    const { connector, log, accept, completeDisconnect, transport, timers } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    const { subscriber } = transport.connections[0] ?? {}
    subscriber?.next({ type: 'message', message: arrival('a', '1'), acknowledge: () => undefined })
    expect([transport.openConnections(), log]).toEqual([1, ['ARRIVED 1']])
    subscriber?.complete()
    expect(log).toEqual(['ARRIVED 1'])
    completeDisconnect()
    expect(log).toEqual(['ARRIVED 1', 'ENDED', 'closed', '|'])
    expect([transport.openConnections(), timers()]).toEqual([0, 0])
  })

  it('ends although disconnecting fails and the connection is lost meanwhile', () => {
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

  it('ends after 5 s if disconnecting does not complete', () => {
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

  it('cancels the next attempt of a connector that waits to reconnect', () => {
    const { connector, log, fail, completeDisconnect, advance, transport, timers } = connectorSetting()
    connector.open()
    fail('connection-lost')
    connector.close()
    completeDisconnect()
    advance(10_000)
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect([transport.connections.length, timers()]).toEqual([1, 0])
  })

  it('has no effect on a connector that has ended or is closing', () => {
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
  ])('ends the connector when called from the callback %j', (when) => {
    const { connector, log, transport, advance, timers } = connectorSetting({
      connect: ({ subscriber }) => {
        accepted({ subscriber })
        subscriber.error(failure('connection-lost'))
      },
      disconnect: ({ subscriber }) => subscriber.complete(),
      onCall: (call, connector) => {
        if (call === when) connector.close()
      },
    })
    connector.open()
    advance(50)
    connector.close()
    advance(10_000)
    const remaining = ['ENDED', 'closed', '|']
    const after = log.slice(log.indexOf(when) + 1)
    expect(after).toEqual(remaining.slice(remaining.indexOf(when) + 1))
    expect(transport.attempts).toEqual(when === 'connecting 1' ? [] : [1])
    expect([transport.openConnections(), timers()]).toEqual([0, 0])
  })
})
