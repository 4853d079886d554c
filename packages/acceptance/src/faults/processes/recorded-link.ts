import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { unmatchedResponses$, type Link } from '@antiphon/core'
import { observed } from '@antiphon/core/events'
import type { LedgerWriter } from '../run/ledger.js'
import { writeEvents } from './event-file.js'

/** Where a link records what happens to it. */
export interface Records {
  readonly ledger: LedgerWriter
  /** The file for its events, if the inspector watches the run. */
  readonly events: string | undefined
}

/** How much of each payload is in an event: it has the name of the request. */
const payloadBytes = 200

/** Connects a link and records its states and incidents in the ledger, and its events for the inspector. */
export function connectRecorded(port: number, options: ConnectOptions, { ledger, events }: Records): Link {
  const { append: note } = ledger
  const connected = connect(`mqtt://127.0.0.1:${port}`, {
    keepalive: 5,
    connectTimeout: 2_000,
    reconnect: { initial: 50, maximum: 500 },
    ...options,
  })
  const link = events === undefined ? connected : observed(writeEvents(events), { payloadBytes })(connected)
  link.incidents$.subscribe((incident) =>
    note({
      event: 'incident',
      what: 'error' in incident ? `${incident.kind}: ${incident.error.message}` : incident.kind,
    }),
  )
  link.state$.subscribe((state) => {
    if (state.status === 'online') note({ event: 'online', sessionPresent: state.info.sessionPresent })
    if (state.status === 'offline') note({ event: 'offline', code: state.error.message })
    if (state.status === 'closed' && state.error !== undefined)
      note({ event: 'incident', what: `the link ended: ${state.error.message}` })
  })
  return link
}

/** Records the link's unmatched responses in the ledger. */
export function recordUnmatchedResponses(link: Link, { append: note }: LedgerWriter): void {
  unmatchedResponses$(link).subscribe(() => note({ event: 'unmatched-response' }))
}
