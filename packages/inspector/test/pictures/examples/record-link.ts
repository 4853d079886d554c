import { logged, type Link } from '@antiphon/core'
import { observed, type ExchangeEvent } from '@antiphon/core/events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

/** The environment variable with the folder of the recording. */
export const recordingVariable = 'EXAMPLE_RECORDING'

/** A message of a link, whether or not it belongs to an exchange. */
export interface RecordedMessage {
  readonly at: number
  readonly client: string
  readonly direction: 'sent' | 'received'
  readonly topic: string
  readonly payload: string
  /** Only events have a side. */
  readonly side?: undefined
}

/** Records the events and the messages of a link, in a file for each process. */
export function recordLink(link: Link): Link {
  const folder = process.env[recordingVariable]
  if (folder === undefined) throw new Error(`${recordingVariable} is not set`)
  const file = join(folder, `${process.pid}.ndjson`)
  // The clock of the process in place of those of its links, so that the events of all processes are in one order.
  const now = (): number => performance.timeOrigin + performance.now()
  const write = (line: ExchangeEvent | RecordedMessage): void =>
    appendFileSync(file, `${JSON.stringify({ ...line, at: now() })}\n`)
  const decoder = new TextDecoder()
  const observedLink = observed(write, { payloadBytes: 2_000 })(link)
  let client: string | undefined
  const withMessages = logged((entry) => {
    // Later than in the program: to follow the state of a link connects it.
    if (client === undefined) {
      client = ''
      observedLink.state$.subscribe((state) => {
        if (state.status === 'online') client = state.info.clientId
      })
    }
    if (entry.event !== 'publish' && entry.event !== 'message') return
    const { topic, payload } = entry.message
    const direction = entry.event === 'publish' ? 'sent' : 'received'
    write({ at: 0, client, direction, topic, payload: decoder.decode(payload) })
  })
  return withMessages(observedLink)
}
