import { eventLevel } from '../events.js'
import type { BrokerEvent, EventLevel } from '../events.js'
import { toEventText } from '../log/event-text.js'
import { toJsonLine } from '../log/json-line.js'
import { toPrintable } from '../log/printable.js'

/** Options of {@link createLog}. */
export interface LogOptions {
  readonly format: 'text' | 'json'
  readonly print: (line: string) => void
  readonly now: () => Date
}

/** The lines that the command prints. */
export interface Log {
  /** Prints an event of the broker. */
  readonly event: (event: BrokerEvent) => void
  /** Prints what the command does; without time in text, for programs that wait for it. */
  readonly status: (text: string) => void
  /** Prints a fault that does not end the command. */
  readonly fault: (level: EventLevel, text: string) => void
}

/** Creates the log of the command. */
export function createLog({ format, print, now }: LogOptions): Log {
  if (format === 'json') {
    const notice = (level: EventLevel, text: string): void =>
      print(toJsonLine({ type: 'notice', ...{ level, text } }, now()))
    return {
      event: (event) => print(toJsonLine({ ...{ level: eventLevel(event) }, ...event }, now())),
      status: (text) => notice('info', text),
      fault: notice,
    }
  }
  const line = (level: EventLevel, text: string): void =>
    print(`${now().toISOString()} ${level} ${toPrintable(text)}`)
  return {
    // The command itself prints where it listens.
    event: (event) => event.type !== 'listening' && line(eventLevel(event), toEventText(event)),
    status: (text) => print(toPrintable(text)),
    fault: line,
  }
}
