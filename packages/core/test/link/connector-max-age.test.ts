import { describe, expect, it } from 'vitest'
import { connectorSetting } from './connector-setting.js'

describe('a connection that has to be renewed', () => {
  it('ends so long after it was accepted, and another follows', () => {
    const { connector, log, accept, advance, transport } = connectorSetting({ renewAfter: 5_000 })
    connector.open()
    advance(1_000)
    accept()
    advance(4_999)
    expect(transport.openConnections()).toBe(1)
    advance(1)
    expect(transport.openConnections()).toBe(0)
    advance(100)
    accept({ sessionPresent: true })
    expect(log).toEqual([
      ...['connecting 1', 'online', 'ONLINE me', 'OFFLINE', 'offline connection-lost 100'],
      ...['connecting 2', 'online', 'ONLINE me again'],
    ])
  })

  it('is not when it was lost or closed before', () => {
    const { connector, log, accept, advance, fail, completeDisconnect, timers } = connectorSetting({
      renewAfter: 5_000,
    })
    connector.open()
    accept()
    advance(4_000)
    fail('connection-lost')
    advance(100)
    accept()
    advance(4_900)
    expect(log.filter((what) => what === 'OFFLINE')).toHaveLength(1)
    connector.close()
    completeDisconnect()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})

describe('limits', () => {
  it('take the place of what the broker grants', () => {
    const { connector, accept } = connectorSetting({ limits: { receiveMaximum: 16, maximumQoS: 1 } })
    const grants: unknown[] = []
    connector.state$.subscribe((state) => state.status === 'online' && grants.push(state.info))
    connector.open()
    accept({ receiveMaximum: 65_535, maximumPacketSize: 100 })
    expect(grants).toMatchObject([{ receiveMaximum: 16, maximumQoS: 1, maximumPacketSize: 100 }])
  })
})
