/**
 * The events of exchanges: what happens to each request and response, for recordings, logs and tools.
 *
 * @packageDocumentation
 */

// Observe a link
export { observed } from '../middleware/observed.js'
export type { ObservedOptions, RedactionRules } from '../middleware/observed.js'
export type {
  EventSink,
  ExchangeEvent,
  LinkEvent,
  ObservedError,
  ObservedMessage,
  RequestAttempt,
  RequesterEvent,
  ResponderEvent,
} from '../observe/exchange-event.js'

// Record events
export { ndjsonSink } from '../middleware/ndjson-sink.js'
export type { LineWriter, NdjsonSinkOptions } from '../middleware/ndjson-sink.js'

// Log events
export { consoleSink, pinoSink } from '../middleware/log-sinks.js'
export type { ConsoleSinkOptions, PinoLogger } from '../middleware/log-sinks.js'
export { eventLevel } from '../middleware/event-level.js'
export type { EventLevel } from '../middleware/event-level.js'
