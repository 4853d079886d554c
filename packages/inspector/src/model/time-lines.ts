import type { ExchangeEvent } from '@antiphon/core/events'
import type { ExchangeRow } from './exchange-row.js'

/** How many marbles are drawn, so that a flood of events does not fill the document. */
const MAX_MARBLES = 200

/** How many endpoints have a time line. */
const MAX_LINES = 12

/** What happened at one moment of an exchange. */
export interface Marble {
  readonly at: number
  /** A letter for each exchange; as in RxJS's marble diagrams, `#` is an error and `!` an unsubscription. */
  readonly name: string
  readonly kind: 'request' | 'retry' | 'response' | 'failure' | 'cancel'
  readonly row: ExchangeRow
}

/** The requests and responses of one endpoint as marbles. */
export interface TimeLine {
  readonly endpoint: string
  readonly requests: readonly Marble[]
  readonly responses: readonly Marble[]
}

/** The time lines of the latest exchanges. */
export interface TimeLines {
  readonly from: number
  readonly to: number
  readonly lines: readonly TimeLine[]
  /** Whether there are older exchanges, or further endpoints, that are not drawn. */
  readonly isCut: boolean
}

/** Returns the latest exchanges as marble diagrams, with one pair of lines for each endpoint. */
export function toTimeLines(rows: readonly ExchangeRow[]): TimeLines {
  const shown = latestRows(rows)
  const byEndpoint = new Map<string, ExchangeRow[]>()
  for (const row of shown) byEndpoint.set(row.endpoint, [...(byEndpoint.get(row.endpoint) ?? []), row])
  const lines = [...byEndpoint].map(([endpoint, own]) => toTimeLine(endpoint, own))
  const times = lines.flatMap(({ requests, responses }) => [...requests, ...responses].map(({ at }) => at))
  return { from: Math.min(...times), to: Math.max(...times), lines, isCut: shown.length < rows.length }
}

/** Returns the latest exchanges with at most `MAX_MARBLES` in all, in the order in which they began. */
function latestRows(rows: readonly ExchangeRow[]): readonly ExchangeRow[] {
  const endpoints = new Set<string>()
  const shown: ExchangeRow[] = []
  let left = MAX_MARBLES
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index]
    if (row === undefined) break
    if (!endpoints.has(row.endpoint) && endpoints.size === MAX_LINES) continue
    endpoints.add(row.endpoint)
    left -= marblesOf(row, '').length
    // One stream may have more marbles than all that are drawn.
    if (left < 0 && shown.length > 0) break
    shown.push(row)
    if (left <= 0) break
  }
  return shown.reverse()
}

function toTimeLine(endpoint: string, rows: readonly ExchangeRow[]): TimeLine {
  const marbles = rows.flatMap((row, index) =>
    marblesOf(row, String.fromCharCode(97 + (index % 26))).slice(0, MAX_MARBLES),
  )
  const isSent = ({ kind }: Marble): boolean => kind === 'request' || kind === 'retry'
  return {
    endpoint,
    requests: marbles.filter(isSent),
    responses: marbles.filter((marble) => !isSent(marble)),
  }
}

function marblesOf(row: ExchangeRow, letter: string): readonly Marble[] {
  // Both sides tell of the same messages: those of the requester count, if it is observed.
  const side = row.requester === undefined ? 'responder' : 'requester'
  let hasRequest = false
  return row.events.flatMap((event): readonly Marble[] => {
    const kind = event.side === side ? kindOf(event, hasRequest) : undefined
    if (kind === undefined) return []
    if (kind === 'request') hasRequest = true
    const name = kind === 'failure' ? '#' : kind === 'cancel' ? '!' : letter
    return [{ at: event.at, name, kind, row }]
  })
}

function kindOf(event: ExchangeEvent, hasRequest: boolean): Marble['kind'] | undefined {
  switch (event.kind) {
    case 'requested':
      return 'request'
    case 'sent':
      // An observer of messages has seen no `requested`.
      return hasRequest ? undefined : 'request'
    case 'retried':
      return 'retry'
    case 'received':
      return event.side === 'requester' ? 'response' : 'request'
    case 'responded':
      return 'response'
    case 'settled':
      if (event.outcome === 'responded') return undefined
      return event.outcome === 'cancelled' ? 'cancel' : 'failure'
    default:
      return undefined
  }
}
