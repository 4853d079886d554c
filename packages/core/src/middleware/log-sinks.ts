import { requireArgument } from '../argument.js'
import type { EventSink, ExchangeEvent } from '../observe/exchange-event.js'
import type { OptionRules } from '../option-rules.js'
import { quoted } from '../topic/mqtt-string.js'
import { eventLevel, type EventLevel } from './event-level.js'

/** The part of a pino logger that `pinoSink` uses. */
export type PinoLogger = Readonly<Record<EventLevel, (event: object, text: string) => void>>

/** Options of `consoleSink`. */
export interface ConsoleSinkOptions {
  /** The least important level that is written. @defaultValue 'info' */
  readonly level?: EventLevel
  /** Where the lines go. @defaultValue `console` */
  readonly console?: Readonly<Record<EventLevel, (line: string) => void>>
}

const LEVELS: readonly EventLevel[] = ['error', 'warn', 'info', 'debug']

const consoleSinkOptionRules: OptionRules<ConsoleSinkOptions> = { level: LEVELS, console: 'object' }

/**
 * Creates a sink that passes the events of `observed` to a pino logger, each with its level and a line of text.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), observed(pinoSink(pino())))
 * ```
 */
export function pinoSink(logger: PinoLogger): EventSink {
  requireArgument('logger', logger, 'object')
  return (event) => logger[eventLevel(event)](event, textOf(event))
}

/** Creates a sink that writes the events of `observed` to the console, one line each. */
export function consoleSink(options: ConsoleSinkOptions = {}): EventSink {
  requireArgument('options', options, consoleSinkOptionRules)
  const { level = 'info', console: target = console } = options
  const written = new Set(LEVELS.slice(0, LEVELS.indexOf(level) + 1))
  return (event) => {
    const eventsLevel = eventLevel(event)
    if (!written.has(eventsLevel)) return
    target[eventsLevel](`${new Date(event.at).toISOString()} ${event.client} ${textOf(event)}`)
  }
}

/** Describes an event. Texts of peers are quoted, so that they cannot forge lines. */
function textOf(event: ExchangeEvent): string {
  const subject = event.side === 'link' ? event.kind : `${event.side} ${event.endpoint} ${event.kind}`
  const number = 'exchange' in event ? ` #${event.exchange}` : ''
  const outcome = event.kind === 'settled' ? ` ${event.outcome}` : ''
  const topic = 'message' in event && event.message !== undefined ? ` ${quoted(event.message.topic)}` : ''
  const cause =
    'error' in event && event.error !== undefined ? `: ${JSON.stringify(event.error.message)}` : ''
  const detail = 'detail' in event ? `: ${JSON.stringify(event.detail)}` : ''
  return subject + number + outcome + topic + cause + detail
}
