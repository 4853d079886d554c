import { type ReconnectOptions, reconnectDelays } from '../../src/link/reconnect.js'
import { Connector } from '../../src/link/connector.js'
import type { ConnectionLimits, ConnectionInfo, Incident, LinkState } from '../../src/link/link.js'
import type { TransportEvent } from '../../src/link/transport.js'
import { deadlines } from '../../src/time/deadlines.js'
import { connectionInfo } from './connection-info.js'
import {
  failure,
  manualTransport,
  type TransportCall,
  type ManualTransport,
  type CallHandlers,
} from './manual-transport.js'
import { textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** A connector over a transport that the test controls. */
export interface ConnectorSetting extends VirtualTime {
  readonly connector: Connector
  readonly transport: ManualTransport
  /** The states and, in capitals, the callbacks, in order. */
  readonly log: string[]
  readonly reported: Incident[]
  /** Accepts the latest connection. */
  readonly accept: (limits?: Partial<ConnectionInfo>) => void
  /** Fails the latest connection. */
  readonly fail: (...args: Parameters<typeof failure>) => void
  readonly completeDisconnect: () => void
}

/** Accepts a connection. */
export const accepted = (
  { subscriber }: TransportCall<TransportEvent>,
  limits?: Partial<ConnectionInfo>,
): void => subscriber.next({ type: 'online', info: connectionInfo(limits) })

/** Describes a state in one line. */
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
  react: CallHandlers & {
    readonly onCall?: (call: string, connector: Connector) => void
    readonly limits?: ConnectionLimits
    readonly maxConnectionAge?: number
    readonly reconnect?: ReconnectOptions
  } = {},
): ConnectorSetting {
  const time = virtualTime()
  const transport = manualTransport(react)
  const log: string[] = []
  const reported: Incident[] = []
  const record = (call: string): void => {
    log.push(call)
    react.onCall?.(call, connector)
  }
  const connector: Connector = new Connector({
    transport,
    deadlines: deadlines(time.scheduler),
    delays: reconnectDelays({
      initial: 100,
      maximum: 1_000,
      jitter: 0.5,
      random: () => 0,
      ...react.reconnect,
    }),
    limits: react.limits,
    maxConnectionAge: react.maxConnectionAge ?? Infinity,
    onOnline: ({ clientId }, isSameSession) => record(`ONLINE ${clientId}${isSameSession ? ' again' : ''}`),
    onEvent: (event) => record(event.type === 'message' ? `ARRIVED ${textOf(event.message)}` : 'MALFORMED'),
    onOffline: () => record('OFFLINE'),
    report: (incident) => reported.push(incident),
    onEnd: (error) => record(error === undefined ? 'ENDED' : `ENDED ${error.code}`),
  })
  connector.state$.subscribe({ next: (state) => record(describeState(state)), complete: () => record('|') })
  const latest = (): TransportCall<TransportEvent> => {
    const call = transport.connections.at(-1)
    if (call === undefined) throw new Error('no connection was opened')
    return call
  }
  return {
    ...time,
    connector,
    transport,
    log,
    reported,
    accept: (limits) => accepted(latest(), limits),
    fail: (...args) => latest().subscriber.error(failure(...args)),
    completeDisconnect: () => transport.disconnects[0]?.subscriber.complete(),
  }
}
