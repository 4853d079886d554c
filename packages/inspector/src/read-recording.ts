import type { EventSink } from '@antiphon/core/events'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { readEvent } from './model/read-event.js'

/**
 * Passes the events in a recording to a sink. Resolves with the number of lines that are not events, and rejects if the file cannot be
 * read.
 *
 * @example
 * ```ts
 * const { url, sink } = await inspect({ recorded: true })
 * await readRecording('exchanges.ndjson', sink)
 * ```
 */
export async function readRecording(file: string, sink: EventSink): Promise<number> {
  let skipped = 0
  const input = createReadStream(file)
  // Without this, reading the lines of a file that is missing would not end.
  await once(input, 'open')
  for await (const line of createInterface({ input })) {
    const event = readEvent(line)
    if (event === undefined) skipped++
    else sink(event)
  }
  return skipped
}
