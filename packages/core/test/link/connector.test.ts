import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { accepted, connectorSetting, describeState } from './connector-setting.js'
import { failure } from './manual-transport.js'
import { arrival } from './messages.js'

describe('a connector', () => {
  it('connects when it is opened, once, and tells its states in order and the present one to who comes late', () => {
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

  it('hears once that a connection is accepted', () => {
    const { connector, log, accept } = connectorSetting()
    connector.open()
    accept()
    accept()
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me'])
  })

  it('hands on what arrives, in order', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    const { subscriber: response } = transport.connections[0] ?? {}
    const acknowledge = (): void => undefined
    response?.next({ type: 'message', message: arrival('a', '1'), acknowledge })
    response?.next({ type: 'malformed', error: failure('protocol') })
    response?.next({ type: 'message', message: arrival('a', '2'), acknowledge })
    expect(log.slice(3)).toEqual(['ARRIVED 1', 'MALFORMED', 'ARRIVED 2'])
  })

  it('comes back after a loss, waiting longer from failure to failure', () => {
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

  it('begins with short waits again once a connection has lasted longer than the wait for it', () => {
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

  it('trusts a session that is present, unless an attempt in between may have begun it', () => {
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

  it('takes a connection that ends without a word for a lost one', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    transport.connections[0]?.subscriber.complete()
    expect(log.slice(-2)).toEqual(['OFFLINE', 'offline connection-lost 100'])
  })

  it('takes what is no error of ours for an unknown one, and goes on', () => {
    const { connector, log, transport } = connectorSetting()
    connector.open()
    transport.connections[0]?.subscriber.error(new TypeError('no such host'))
    expect(log.at(-1)).toBe('offline unknown 100')
  })

  it.each([
    ['connection-refused', 0x85],
    ['connection-refused', 0x86],
    ['invalid-argument', undefined],
  ] as const)('ends by %s %s, which no retry can mend, leaving nothing behind', (code, reason) => {
    const { connector, log, fail, transport, timers } = connectorSetting()
    connector.open()
    fail(code, reason)
    expect(log).toEqual(['connecting 1', `ENDED ${code}`, `closed ${code}`, '|'])
    connector.open()
    expect([transport.connections.length, timers()]).toEqual([1, 0])
  })

  it('ends when its name is taken over, and keeps trying with credentials that once were good', () => {
    const taken = connectorSetting()
    taken.connector.open()
    taken.accept()
    taken.fail('connection-lost', 0x8e)
    expect(taken.log.slice(-4)).toEqual(['OFFLINE', 'ENDED connection-lost', 'closed connection-lost', '|'])
    const renewed = connectorSetting()
    renewed.connector.open()
    renewed.accept()
    renewed.fail('connection-lost')
    renewed.advance(100)
    renewed.fail('connection-refused', 0x86)
    expect(renewed.log.at(-1)).toBe('offline connection-refused 200')
  })

  it('ends in order when there is nothing left to connect to', () => {
    const { connector, log, accept, fail, timers } = connectorSetting()
    connector.open()
    accept()
    fail('link-closed')
    expect(log.slice(-4)).toEqual(['OFFLINE', 'ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})

describe('a transport that answers within the call', () => {
  it('may accept and lose at once, any number of times, without a deep stack', () => {
    let count = 0
    const { connector, log, advance } = connectorSetting({
      connect: ({ subscriber: response }) => {
        count++
        accepted({ subscriber: response })
        response.error(failure('connection-lost'))
      },
    })
    connector.open()
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me', 'OFFLINE', 'offline connection-lost 100'])
    advance(20_000_000)
    expect(count).toBeGreaterThan(10_000)
  })

  it('may refuse at once, and skips no state', () => {
    const { connector, log, advance } = connectorSetting({
      connect: ({ subscriber: response }) => response.error(failure('connection-refused', 0x88)),
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

  it('may say farewell at once', () => {
    const { connector, log, accept, timers } = connectorSetting({
      disconnect: ({ subscriber: response }) => response.complete(),
    })
    connector.open()
    accept()
    connector.close()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})
