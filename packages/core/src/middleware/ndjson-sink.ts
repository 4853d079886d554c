import { requireArgument } from '../argument.js'
import type { EventSink } from '../observe/exchange-event.js'
import { sizeRule, type OptionRules } from '../option-rules.js'

/** The part of a Node `Writable` that `ndjsonSink` uses. */
export interface LineWriter {
  /** Returns `false` if it should not be written to until it emits `drain`. */
  readonly write: (text: string) => boolean
  readonly once: (event: 'drain', listener: () => void) => unknown
}

/** Options of `ndjsonSink`. */
export interface NdjsonSinkOptions {
  /** How many characters wait while the stream is full; further events are dropped. @defaultValue 1 MiB */
  readonly maximumWaiting?: number
}

const ndjsonSinkOptionRules: OptionRules<NdjsonSinkOptions> = { maximumWaiting: sizeRule }

/**
 * Creates a sink that writes each event of `observed` as a line of JSON, for example to a file. Events that happen at once
 * are written together. While the stream is full, a limited number of events waits; then an event `dropped` says how
 * many are missing.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), observed(ndjsonSink(createWriteStream('exchanges.ndjson'))))
 * ```
 */
export function ndjsonSink(stream: LineWriter, options: NdjsonSinkOptions = {}): EventSink {
  requireArgument('stream', stream, 'object')
  requireArgument('options', options, ndjsonSinkOptionRules)
  const { maximumWaiting = 2 ** 20 } = options
  let waiting = ''
  let dropped = 0
  let isFull = false
  let isScheduled = false
  const flush = (): void => {
    isScheduled = false
    if (isFull || waiting === '') return
    const text = waiting
    waiting = ''
    if (stream.write(text)) return
    isFull = true
    stream.once('drain', () => {
      isFull = false
      flush()
    })
  }
  return (event) => {
    const line = `${JSON.stringify(event)}\n`
    if (waiting.length + line.length > maximumWaiting) {
      dropped++
      return
    }
    if (dropped > 0) {
      const { at, client, link } = event
      waiting += `${JSON.stringify({ kind: 'dropped', side: 'link', at, client, link, count: dropped })}\n`
      dropped = 0
    }
    waiting += line
    if (isFull || isScheduled) return
    isScheduled = true
    queueMicrotask(flush)
  }
}
