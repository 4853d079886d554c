import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { backOff } from '../../src/link/back-off.js'
import { Connector } from '../../src/link/connector.js'
import type { Grant, LinkState } from '../../src/link/link.js'
import type { TransportEvent } from '../../src/link/transport.js'
import { deadlines } from '../../src/time/deadlines.js'
import { grant } from './grants.js'
import { failure, handTransport, type Asked, type HandTransport, type Reactions } from './hand-transport.js'
import { arrival, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

interface ConnectorSetting extends VirtualTime {
  readonly connector: Connector
  readonly transport: HandTransport
  /** Everything told, in order: the states, and what its owner hears in capitals. */
  readonly log: string[]
  /** The broker accepts the latest connection. */
  readonly accept: (limits?: Partial<Grant>) => void
  /** The latest connection ends. */
  readonly fail: (...args: Parameters<typeof failure>) => void
  readonly farewell: () => void
}

const accepted = ({ answer }: Asked<TransportEvent>, limits?: Partial<Grant>): void =>
  answer.next({ type: 'online', grant: grant(limits) })

function show(state: LinkState): string {
  switch (state.status) {
    case 'connecting':
      return `connecting ${state.attempt}`
    case 'online':
      return 'online'
    case 'offline':
      return `offline ${state.error.code} ${state.retryIn}`
    case 'closed':
      return state.error === undefined ? 'closed' : `closed ${state.error.code}`
  }
}

function connectorSetting(
  react: Reactions & { readonly told?: (what: string, connector: Connector) => void } = {},
): ConnectorSetting {
  const time = virtualTime()
  const transport = handTransport(react)
  const log: string[] = []
  const tell = (what: string): void => {
    log.push(what)
    react.told?.(what, connector)
  }
  const connector: Connector = new Connector({
    transport,
    scheduler: time.scheduler,
    deadlines: deadlines(time.scheduler),
    backOff: backOff({ initial: 100, maximum: 1_000, jitter: 0.5, random: () => 0 }),
    online: ({ clientId }, isSameSession) => tell(`ONLINE ${clientId}${isSameSession ? ' again' : ''}`),
    arrived: (event) => tell(event.type === 'message' ? `ARRIVED ${textOf(event.message)}` : 'MALFORMED'),
    offline: () => tell('OFFLINE'),
    ended: (error) => tell(error === undefined ? 'ENDED' : `ENDED ${error.code}`),
  })
  connector.state$.subscribe({ next: (state) => tell(show(state)), complete: () => tell('|') })
  const latest = (): Asked<TransportEvent> => {
    const asked = transport.connections.at(-1)
    if (asked === undefined) throw new Error('no connection was asked for')
    return asked
  }
  return {
    ...time,
    connector,
    transport,
    log,
    accept: (limits) => accepted(latest(), limits),
    fail: (...args) => latest().answer.error(failure(...args)),
    farewell: () => transport.farewells[0]?.answer.complete(),
  }
}

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
    connector.state$.subscribe((state) => late.push(show(state)))
    expect(late).toEqual(['online'])
    expect(transport.attempts).toEqual([1])
  })

  it('hands on what arrives, in order', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    const { answer } = transport.connections[0] ?? {}
    const acknowledge = (): void => undefined
    answer?.next({ type: 'message', message: arrival('a', '1'), acknowledge })
    answer?.next({ type: 'malformed', error: failure('protocol') })
    answer?.next({ type: 'message', message: arrival('a', '2'), acknowledge })
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
    expect(transport.open()).toBe(0)
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
    expect(transport.open()).toBe(1)
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
    transport.connections.at(-1)?.answer.error(refused)
    attempt('connection-lost')
    expect(again()).toBe('ONLINE me again')
    fail('connection-lost')
    advance(10_000)
    const cutOff = new AntiphonError('connection-lost', 'cut off', { phase: 'after-network' })
    transport.connections.at(-1)?.answer.error(cutOff)
    attempt('connection-refused', 0x88)
    expect(again()).toBe('ONLINE me')
    fail('connection-lost')
    expect(again()).toBe('ONLINE me again')
  })

  it('takes a connection that ends without a word for a lost one', () => {
    const { connector, log, accept, transport } = connectorSetting()
    connector.open()
    accept()
    transport.connections[0]?.answer.complete()
    expect(log.slice(-2)).toEqual(['OFFLINE', 'offline connection-lost 100'])
  })

  it('takes what is no error of ours for an unknown one, and goes on', () => {
    const { connector, log, transport } = connectorSetting()
    connector.open()
    transport.connections[0]?.answer.error(new TypeError('no such host'))
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

describe('closing a connector', () => {
  it('that never was opened ends it, and keeps it closed', () => {
    const { connector, log, farewell, transport } = connectorSetting()
    connector.close()
    farewell()
    connector.open()
    expect(log).toEqual(['ENDED', 'closed', '|'])
    expect(transport.connections).toEqual([])
  })

  it('that connects drops the connection', () => {
    const { connector, log, farewell, transport, timers } = connectorSetting()
    connector.open()
    connector.close()
    expect(transport.open()).toBe(0)
    farewell()
    expect(log).toEqual(['connecting 1', 'ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })

  it('that is online says farewell and waits until it is gone; what arrives meanwhile is handed on', () => {
    const { connector, log, accept, farewell, transport, timers } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    const { answer } = transport.connections[0] ?? {}
    answer?.next({ type: 'message', message: arrival('a', '1'), acknowledge: () => undefined })
    expect([transport.open(), log]).toEqual([1, ['ARRIVED 1']])
    answer?.complete()
    expect(log).toEqual(['ARRIVED 1'])
    farewell()
    expect(log).toEqual(['ARRIVED 1', 'ENDED', 'closed', '|'])
    expect([transport.open(), timers()]).toEqual([0, 0])
  })

  it('survives a farewell that fails, and a loss meanwhile', () => {
    const { connector, log, accept, fail, transport } = connectorSetting()
    connector.open()
    accept()
    log.length = 0
    connector.close()
    fail('connection-lost', 0x8e)
    expect(log).toEqual([])
    transport.farewells[0]?.answer.error(failure('connection-lost'))
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
    expect(transport.open()).toBe(0)
    expect(transport.farewells[0]?.answer.closed).toBe(true)
    expect(timers()).toBe(0)
  })

  it('that waits for its next attempt makes none', () => {
    const { connector, log, fail, farewell, advance, transport, timers } = connectorSetting()
    connector.open()
    fail('connection-lost')
    connector.close()
    farewell()
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
    expect(ended.transport.farewells).toEqual([])
    const closing = connectorSetting()
    closing.connector.open()
    closing.connector.close()
    closing.connector.close()
    closing.farewell()
    closing.connector.close()
    expect(closing.transport.farewells).toHaveLength(1)
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
      connect: ({ answer }) => {
        accepted({ answer })
        answer.error(failure('connection-lost'))
      },
      disconnect: ({ answer }) => answer.complete(),
      told: (what, connector) => {
        if (what === when) connector.close()
      },
    })
    connector.open()
    advance(50)
    connector.close()
    advance(10_000)
    const ending = ['ENDED', 'closed', '|']
    const after = log.slice(log.indexOf(when) + 1)
    expect(after).toEqual(ending.slice(ending.indexOf(when) + 1))
    expect(transport.attempts).toEqual(when === 'connecting 1' ? [] : [1])
    expect([transport.open(), timers()]).toEqual([0, 0])
  })
})

describe('a transport that answers within the call', () => {
  it('may accept and lose at once, any number of times, without a deep stack', () => {
    let count = 0
    const { connector, log, advance } = connectorSetting({
      connect: ({ answer }) => {
        count++
        accepted({ answer })
        answer.error(failure('connection-lost'))
      },
    })
    connector.open()
    expect(log).toEqual(['connecting 1', 'online', 'ONLINE me', 'OFFLINE', 'offline connection-lost 100'])
    advance(20_000_000)
    expect(count).toBeGreaterThan(10_000)
  })

  it('may refuse at once, and skips no state', () => {
    const { connector, log, advance } = connectorSetting({
      connect: ({ answer }) => answer.error(failure('connection-refused', 0x88)),
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
      disconnect: ({ answer }) => answer.complete(),
    })
    connector.open()
    accept()
    connector.close()
    expect(log.slice(-3)).toEqual(['ENDED', 'closed', '|'])
    expect(timers()).toBe(0)
  })
})
