import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { accepted, connectorSetting, describeState } from './connector-setting.js'
import { failure } from './manual-transport.js'
import { arrival } from './messages.js'

describe('Connector', () => {
  it('connects once on open, emits its states in order and the current one to late subscribers', () => {
    const { connector, log, accept, transport } = connectorSetting()
    expect(transport.connections).toEqual([])
    connector.open()
    connector.open()
    expect(connector.isOnline).toBe(false)
    accept()
    connector.open()
    expect(connector.isOnline).toBe(true)
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me'])
    const late: string[] = []
    connector.state$.subscribe((state) => late.push(describeState(state)))
    expect(late).toEqual(['online'])
    expect(transport.attempts).toEqual([1])
  })

  it('ends the link on a Receive Maximum of 0, which would let no message through', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept({ receiveMaximum: 0 })
    expect(log).toEqual(['connecting 1', 'ENDED protocol', 'closed protocol', '|'])
    expect(transport.openConnections()).toBe(0)
  })

  it('reports three connections in a row that end soon after CONNACK without a reason, once, until one lasts', () => {
    const { connector, accept, fail, advance, reported } = connectorSetting()
    const errors: string[] = []
    connector.state$.subscribe((state) => {
      if (state.status === 'offline') errors.push(state.error.message)
    })
    const connection = (lasts: number, reasonCode?: number): void => {
      accept()
      advance(lasts)
      fail('connection-lost', reasonCode)
      advance(1_000)
    }
    connector.open()
    for (const lasts of [100, 4_000]) connection(lasts)
    expect(reported).toEqual([])
    for (const lasts of [100, 100]) connection(lasts)
    expect(reported).toMatchObject([{ kind: 'short-connections', error: { code: 'connection-lost' } }])
    const text = expect.stringContaining('another client may use the client id "me"') as string
    expect(reported[0]).toHaveProperty('error.message', text)
    expect(errors.map((text) => text.includes('client id "me"'))).toEqual([false, false, true, true])
    connection(6_000)
    for (const lasts of [100, 100]) connection(lasts)
    connection(100, 0x8b)
    for (const lasts of [100, 100]) connection(lasts)
    expect(reported).toHaveLength(1)
    connection(100)
    expect(reported).toHaveLength(2)
  })

  it('reports three attempts in a row that the broker ends by closing without CONNACK, once, until one is accepted', () => {
    const { connector, accept, fail, advance, reported } = connectorSetting()
    const errors: string[] = []
    connector.state$.subscribe((state) => {
      if (state.status === 'offline') errors.push(state.error.message)
    })
    const attempt = (...[code, reasonCode, phase]: Parameters<typeof fail>): void => {
      fail(code, reasonCode, phase)
      advance(1_000)
    }
    connector.open()
    for (let count = 0; count < 2; count++) attempt('connection-lost', undefined, 'after-network')
    // Not reached, and refused with a reason.
    attempt('connection-lost', undefined, 'before-network')
    for (let count = 0; count < 2; count++) attempt('connection-lost', undefined, 'after-network')
    attempt('connection-refused', 0x88, 'after-network')
    for (let count = 0; count < 2; count++) attempt('connection-lost', undefined, 'after-network')
    expect(reported).toEqual([])
    for (let count = 0; count < 2; count++) attempt('connection-lost', undefined, 'after-network')
    expect(reported).toMatchObject([{ kind: 'short-connections', error: { code: 'connection-lost' } }])
    expect(errors.at(-1)).toContain('4 attempts in a row ended without CONNACK: the broker may refuse')
    accept()
    attempt('connection-lost')
    for (let count = 0; count < 2; count++) attempt('connection-lost', undefined, 'after-network')
    expect(reported).toHaveLength(1)
  })

  it('ignores a second online event of a connection', () => {
    const { connector, log, accept } = connectorSetting()
    connector.open()
    accept()
    accept()
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me'])
  })

  it('passes on messages and malformed packets in order', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    const { subscriber } = transport.connections[0] ?? {}
    const acknowledge = (): void => undefined
    subscriber?.next({ type: 'message', message: arrival('a', '1'), acknowledge })
    subscriber?.next({ type: 'malformed', error: failure('protocol') })
    subscriber?.next({ type: 'message', message: arrival('a', '2'), acknowledge })
    expect(log.slice(3)).toEqual(['ARRIVED 1', 'MALFORMED', 'ARRIVED 2'])
  })

  it('reconnects after a loss with a growing delay', () => {
    const { connector, log, accept, fail, advance, transport, timers } = connectorSetting()
    connector.open()
    accept()
    advance(5_000)
    log.length = 0
    fail('connection-lost', 0x8b)
    advance(99)
    expect(transport.openConnections()).toBe(0)
    advance(1)
    fail('connection-refused', 0x88)
    advance(200)
    fail('connection-lost')
    advance(400)
    expect(log).toEqual([
      'OFFLINE',
      'offline connection-lost 100',
      'connecting 2',
      'offline connection-refused 200',
      'connecting 3',
      'offline connection-lost 400',
      'connecting 4',
    ])
    accept()
    expect(log.slice(-2)).toEqual(['online', 'ONLINE me'])
    expect(transport.attempts).toEqual([1, 2, 3, 4])
    expect(transport.openConnections()).toBe(1)
    expect(timers()).toBe(0)
  })

  it('resets the delay once a connection has lasted longer than the delay before it', () => {
    const { connector, log, accept, fail, advance } = connectorSetting()
    connector.open()
    for (const lasts of [0, 99, 199, 399, 800, 50]) {
      accept()
      advance(lasts)
      fail('connection-lost')
      advance(10_000)
    }
    expect(log.filter((line) => line.startsWith('offline'))).toEqual([
      'offline connection-lost 100',
      'offline connection-lost 200',
      'offline connection-lost 400',
      'offline connection-lost 800',
      'offline connection-lost 100',
      'offline connection-lost 200',
    ])
  })

  it('reports the same session, unless an attempt in between may have started another', () => {
    const { connector, log, accept, fail, advance, transport } = connectorSetting()
    const again = (): string | undefined => {
      advance(10_000)
      accept({ sessionPresent: true })
      advance(10_000)
      return log.at(-1)
    }
    const attempt = (...args: Parameters<typeof failure>): void => {
      advance(10_000)
      fail(...args)
    }
    connector.open()
    accept()
    fail('connection-lost')
    expect(again()).toBe('ONLINE me again')
    fail('connection-lost')
    advance(10_000)
    const refused = new AntiphonError('connection-refused', 'busy', { phase: 'after-network' })
    transport.connections.at(-1)?.subscriber.error(refused)
    attempt('connection-lost')
    expect(again()).toBe('ONLINE me again')
    fail('connection-lost')
    advance(10_000)
    const cutOff = new AntiphonError('connection-lost', 'cut off', { phase: 'after-network' })
    transport.connections.at(-1)?.subscriber.error(cutOff)
    attempt('connection-refused', 0x88)
    expect(again()).toBe('ONLINE me')
    fail('connection-lost')
    expect(again()).toBe('ONLINE me again')
  })

  it('treats a connection that completes as lost', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    transport.connections[0]?.subscriber.complete()
    expect(log.slice(-2)).toEqual(['OFFLINE', 'offline connection-lost 100'])
  })

  it('reconnects after a foreign error, reported as unknown', () => {
    const { connector, log, transport } = connectorSetting()
    connector.open()
    transport.connections[0]?.subscriber.error(new TypeError('no such host'))
    expect(log.at(-1)).toBe('offline unknown 100')
  })

  it.each([
    ['connection-refused', 0x85],
    ['connection-refused', 0x86],
    ['invalid-argument', undefined],
  ] as const)('ends without a timer after the fatal error %s %s', (code, reason) => {
    const { connector, log, fail, transport, timers } = connectorSetting()
    connector.open()
    fail(code, reason)
    expect(log).toEqual(['connecting 1', `ENDED ${code}`, `closed ${code}`, '|'])
    connector.open()
    expect([transport.connections.length, timers()]).toEqual([1, 0])
  })

  it('ends when the session is taken over, but retries with credentials that were accepted before', () => {
    const takenOver = connectorSetting()
    takenOver.connector.open()
    takenOver.accept()
    takenOver.fail('connection-lost', 0x8e)
    expect(takenOver.log.slice(-4)).toEqual([
      'OFFLINE',
      'ENDED connection-lost',
      'closed connection-lost',
      '|',
    ])
    const renewed = connectorSetting()
    renewed.connector.open()
    renewed.accept()
    renewed.fail('connection-lost')
    renewed.advance(100)
    renewed.fail('connection-refused', 0x86)
    expect(renewed.log.at(-1)).toBe('offline connection-refused 200')
  })

  it('ends without an error when the transport reports link-closed', () => {
    const { connector, log, accept, fail, timers } = connectorSetting()
    connector.open()
    accept()
    fail('link-closed')
    expect(log.slice(-4)).toEqual(['OFFLINE', 'ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})

describe('Connector over a synchronous transport', () => {
  it('survives 10 000 connections accepted and lost synchronously', () => {
    let count = 0
    const { connector, log, advance } = connectorSetting({
      connect: ({ subscriber }) => {
        count++
        accepted({ subscriber })
        subscriber.error(failure('connection-lost'))
      },
    })
    connector.open()
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me', 'OFFLINE', 'offline connection-lost 100'])
    advance(20_000_000)
    expect(count).toBeGreaterThan(10_000)
  })

  it('emits every state when connections are refused synchronously', () => {
    const { connector, log, advance } = connectorSetting({
      connect: ({ subscriber }) => subscriber.error(failure('connection-refused', 0x88)),
    })
    connector.open()
    advance(100)
    expect(log).toEqual([
      'connecting 1',
      'offline connection-refused 100',
      'connecting 2',
      'offline connection-refused 200',
    ])
  })

  it('ends when the transport disconnects synchronously', () => {
    const { connector, log, accept, timers } = connectorSetting({
      disconnect: ({ subscriber }) => subscriber.complete(),
    })
    connector.open()
    accept()
    connector.close()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})
