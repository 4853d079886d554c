import { describe, expect, it } from 'vitest'
import { connectorSetting } from './connector-setting.js'
import { arrival } from './messages.js'

describe('maxConnectionAge', () => {
  it('disconnects at maxConnectionAge, keeps the session, and connects again', () => {
    const { connector, log, accept, advance, transport, completeDisconnect } = connectorSetting({
      maxConnectionAge: 5_000,
    })
    connector.open()
    advance(1_000)
    accept()
    advance(4_999)
    expect(transport.disconnects).toEqual([])
    advance(1)
    expect(transport.disconnects).toMatchObject([{ keepsSession: true }])
    expect(transport.openConnections()).toBe(1)
    completeDisconnect()
    expect(transport.openConnections()).toBe(0)
    advance(100)
    accept({ sessionPresent: true })
    expect(log).toEqual([
      ...['connecting 1', 'online', 'ONLINE me', 'OFFLINE', 'offline connection-lost 100'],
      ...['connecting 2', 'online', 'ONLINE me again'],
    ])
  })

  it('disconnects up to a tenth earlier at random, so that a fleet is not replaced at once', () => {
    const chances = [0.5, 0.999]
    const { connector, accept, advance, transport, completeDisconnect } = connectorSetting({
      maxConnectionAge: 5_000,
      reconnect: { jitter: 0, random: () => chances.shift() ?? 0 },
    })
    connector.open()
    accept()
    advance(4_749)
    expect(transport.disconnects).toHaveLength(0)
    advance(1)
    expect(transport.disconnects).toHaveLength(1)
    completeDisconnect()
    chances.unshift(0.999)
    advance(100)
    accept({ sessionPresent: true })
    advance(4_501)
    expect(transport.disconnects).toHaveLength(2)
  })

  it('drops the connection if DISCONNECT at maxConnectionAge takes more than 5 s', () => {
    const { connector, log, accept, advance, transport, fail } = connectorSetting({ maxConnectionAge: 5_000 })
    connector.open()
    accept()
    advance(5_000 + 4_999)
    expect(transport.openConnections()).toBe(1)
    advance(1)
    expect(transport.openConnections()).toBe(0)
    expect(log.at(-1)).toBe('offline connection-lost 100')
    fail('connection-lost')
    expect(log.at(-1)).toBe('offline connection-lost 100')
  })

  it('receives nothing after DISCONNECT at maxConnectionAge, and ignores how the connection ends', () => {
    const { connector, log, accept, advance, transport, fail } = connectorSetting({ maxConnectionAge: 5_000 })
    connector.open()
    accept()
    advance(5_000)
    const before = log.length
    transport.connections[0]?.subscriber.next({
      type: 'message',
      message: arrival('a'),
      acknowledge: () => undefined,
    })
    fail('connection-lost')
    expect(log.slice(before)).toEqual([])
  })

  it('can be closed while it disconnects at maxConnectionAge', () => {
    const { connector, log, accept, advance, transport, timers } = connectorSetting({
      maxConnectionAge: 5_000,
    })
    connector.open()
    accept()
    advance(5_000)
    connector.close()
    expect(transport.openConnections()).toBe(1)
    for (const { subscriber } of transport.disconnects) subscriber.complete()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect([transport.openConnections(), timers()]).toEqual([0, 0])
  })

  it('does not reconnect at maxConnectionAge if the connection was lost or closed before', () => {
    const { connector, log, accept, advance, fail, completeDisconnect, timers } = connectorSetting({
      maxConnectionAge: 5_000,
    })
    connector.open()
    accept()
    advance(4_000)
    fail('connection-lost')
    advance(100)
    accept()
    advance(4_900)
    expect(log.filter((call) => call === 'OFFLINE')).toHaveLength(1)
    connector.close()
    completeDisconnect()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})

describe('limits of a connector', () => {
  it('overrides the values of CONNACK with the limits option', () => {
    const { connector, accept } = connectorSetting({ limits: { receiveMaximum: 16, maximumQoS: 1 } })
    const infos: unknown[] = []
    connector.state$.subscribe((state) => state.status === 'online' && infos.push(state.info))
    connector.open()
    accept({ receiveMaximum: 65_535, maximumPacketSize: 100 })
    expect(infos).toMatchObject([{ receiveMaximum: 16, maximumQoS: 1, maximumPacketSize: 100 }])
  })
})
