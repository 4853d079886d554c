import { backOff } from '../../src/link/back-off.js'
import { Connector } from '../../src/link/connector.js'
import type { ConnectionLimits, ConnectionInfo, LinkState } from '../../src/link/link.js'
import type { TransportEvent } from '../../src/link/transport.js'
import { deadlines } from '../../src/time/deadlines.js'
import { connectionInfo } from './connection-info.js'
import {
  failure,
  manualTransport,
  type TransportCall,
  type ManualTransport,
  type Reactions,
} from './manual-transport.js'
import { textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** A connector over a transport in the test's hands. */
export interface ConnectorSetting extends VirtualTime {
  readonly connector: Connector
  readonly transport: ManualTransport
  /** Everything told, in order: the states, and what its owner hears in capitals. */
  readonly log: string[]
  /** The broker accepts the latest connection. */
  readonly accept: (limits?: Partial<ConnectionInfo>) => void
  /** The latest connection ends. */
  readonly fail: (...args: Parameters<typeof failure>) => void
  readonly completeDisconnect: () => void
}

/** The broker lets a connection in. */
export const accepted = (
  { subscriber: response }: TransportCall<TransportEvent>,
  limits?: Partial<ConnectionInfo>,
): void => response.next({ type: 'online', info: connectionInfo(limits) })

/** A state in a word. */
export function describeState(state: LinkState): string {
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

export function connectorSetting(
  react: Reactions & {
    readonly told?: (what: string, connector: Connector) => void
    readonly limits?: ConnectionLimits
    readonly renewAfter?: number
  } = {},
): ConnectorSetting {
  const time = virtualTime()
  const transport = manualTransport(react)
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
    limits: react.limits,
    maxConnectionAge: react.renewAfter ?? Infinity,
    onOnline: ({ clientId }, isSameSession) => tell(`ONLINE ${clientId}${isSameSession ? ' again' : ''}`),
    onEvent: (event) => tell(event.type === 'message' ? `ARRIVED ${textOf(event.message)}` : 'MALFORMED'),
    onOffline: () => tell('OFFLINE'),
    onEnd: (error) => tell(error === undefined ? 'ENDED' : `ENDED ${error.code}`),
  })
  connector.state$.subscribe({ next: (state) => tell(describeState(state)), complete: () => tell('|') })
  const latest = (): TransportCall<TransportEvent> => {
    const requested = transport.connections.at(-1)
    if (requested === undefined) throw new Error('no connection was asked for')
    return requested
  }
  return {
    ...time,
    connector,
    transport,
    log,
    accept: (limits) => accepted(latest(), limits),
    fail: (...args) => latest().subscriber.error(failure(...args)),
    completeDisconnect: () => transport.disconnects[0]?.subscriber.complete(),
  }
}
