import { openSync, writeSync } from 'node:fs'
import type { EventSink } from '@antiphon/core/events'

/**
 * Creates a sink that appends each event to a file as a line of JSON. A line is handed to the operating system before the
 * call returns, so that SIGKILL loses none.
 */
export function writeEvents(file: string): EventSink {
  const descriptor = openSync(file, 'a')
  return (event) => void writeSync(descriptor, `${JSON.stringify(event)}\n`)
}
