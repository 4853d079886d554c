import type { ExchangeEvent } from '../observe/exchange-event.js'

/** How important an event is. */
export type EventLevel = 'error' | 'warn' | 'info' | 'debug'

/**
 * Returns the level of an event: `error` for incidents and the end of a link by an error; `warn` for failed exchanges,
 * retries, lost connections, and messages without effect; `info` for other changes of the connection; `debug` for the rest.
 */
export function eventLevel(event: ExchangeEvent): EventLevel {
  switch (event.kind) {
    case 'incident':
      return 'error'
    case 'closed':
      return event.error === undefined ? 'info' : 'error'
    case 'settled':
      return event.outcome === 'responded' || event.outcome === 'cancelled' ? 'debug' : 'warn'
    case 'offline':
    case 'dropped':
    case 'retried':
    case 'unmatched':
      return 'warn'
    case 'ignored':
      return event.reason === 'retained' ? 'debug' : 'warn'
    case 'connecting':
    case 'online':
      return 'info'
    default:
      return 'debug'
  }
}
