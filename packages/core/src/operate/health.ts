import { requireArgument } from '../argument.js'
import { baseOf } from '../link/base-link.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Link, LinkState } from '../link/link.js'
import type { ObservedError } from '../observe/exchange-event.js'
import { toObservedError } from '../observe/observed-error.js'
import { numberRule, type OptionRules } from '../option-rules.js'
import { pendingRequestsOf } from '../requester/pending-requests.js'

/** When a link counts as healthy. */
export interface HealthOptions {
  /** Milliseconds offline after which the link is not live, so that its process is restarted. @defaultValue Infinity */
  readonly maximumOffline?: number
  /** How many outgoing messages may wait while the link is ready. @defaultValue Infinity */
  readonly maximumBacklog?: number
  /** How many requests may be pending while the link is ready. @defaultValue Infinity */
  readonly maximumPending?: number
}

const healthOptionRules: OptionRules<HealthOptions> = {
  maximumOffline: numberRule(0),
  maximumBacklog: numberRule(0),
  maximumPending: numberRule(0),
}

/** The health of a link. */
export interface HealthReport {
  /** Whether the process should go on: the link has neither ended with an error nor been offline for too long. */
  readonly isLive: boolean
  /** Whether the process should get work: the link is online and has room. */
  readonly isReady: boolean
  /** Why it is not live or not ready. */
  readonly reasons: readonly string[]
  readonly status: LinkState['status']
  /** Milliseconds since the link came online or went offline. */
  readonly since: number
  /** Why the latest connection was lost or could not be made, also if the link is online again. */
  readonly lastError?: ObservedError
  /** Requests that have not settled. */
  readonly pending: number
  /** Outgoing messages that wait, and their payload bytes. */
  readonly backlog: { readonly messages: number; readonly bytes: number }
  /** Messages that the broker has not acknowledged. */
  readonly inFlight: number
  /** How many it may be: the broker's Receive Maximum. Absent before the first connection. */
  readonly receiveMaximum?: number
}

/**
 * Opens a link, follows its state until it is closed, and returns a function that reports its health, for the probes of
 * Kubernetes and others.
 *
 * @example
 * ```ts
 * const report = health(link, { maximumOffline: 300_000 })
 * createServer((request, response) => {
 *   const { isLive, isReady } = report()
 *   const isHealthy = request.url === '/live' ? isLive : isReady
 *   response.writeHead(isHealthy ? 200 : 503).end(JSON.stringify(report()))
 * }).listen(8080)
 * ```
 */
export function health(link: Link, options: HealthOptions = {}): () => HealthReport {
  requireArgument('options', options, healthOptionRules)
  const { maximumOffline = Infinity, maximumBacklog = Infinity, maximumPending = Infinity } = options
  const { now } = deadlinesOf(link)
  let state: LinkState = { status: 'connecting', attempt: 1 }
  let changedAt = now()
  let lastError: ObservedError | undefined
  let receiveMaximum: number | undefined
  link.state$.subscribe((next) => {
    const isChange = (state.status === 'online') !== (next.status === 'online')
    if (isChange) changedAt = now()
    if ('error' in next) lastError = toObservedError(next.error)
    if (next.status === 'online') ({ receiveMaximum } = next.info)
    state = next
  })
  return () => {
    const since = now() - changedAt
    const { waiting, waitingBytes, inFlight } = baseOf(link).outgoing()
    const pending = pendingRequestsOf(link).count
    const fatal = fatalReason(state, since, maximumOffline)
    const reasons = [
      fatal,
      state.status === 'online' ? undefined : `the link is ${state.status}`,
      waiting > maximumBacklog ? `${waiting} outgoing messages wait` : undefined,
      pending > maximumPending ? `${pending} requests are pending` : undefined,
    ].filter((reason) => reason !== undefined)
    return {
      isLive: fatal === undefined,
      isReady: reasons.length === 0,
      reasons,
      status: state.status,
      since,
      ...(lastError === undefined ? {} : { lastError }),
      pending,
      backlog: { messages: waiting, bytes: waitingBytes },
      inFlight,
      ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    }
  }
}

function fatalReason(state: LinkState, since: number, maximumOffline: number): string | undefined {
  if (state.status === 'online') return undefined
  if (state.status === 'closed')
    return state.error === undefined ? undefined : `the link has ended: ${state.error.rawMessage}`
  return since > maximumOffline ? `the link has been offline for ${Math.round(since)} ms` : undefined
}
