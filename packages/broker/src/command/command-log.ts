import type { BrokerEvent } from '../events.js'
import { toEventText } from '../log/event-text.js'
import { toJsonLine } from '../log/json-line.js'
import { toPrintable } from '../log/printable.js'

/** The options of a command's log. */
export interface CommandLogOptions {
  /** Prints one line. */
  readonly print: (line: string) => void
  /** Whether the log contains the events of the broker. @defaultValue false, or true with `json` */
  readonly verbose?: boolean
  /** Whether each line is an object of JSON, with `time` and `type`. @defaultValue false */
  readonly json?: boolean
  /** Returns the time of a line. @defaultValue the system's clock */
  readonly now?: () => Date
}

/** An entry of a log: any object with a type. */
export interface LogEntry {
  readonly type: string
  readonly [name: string]: unknown
}

/** The log of a command that runs a broker. */
export interface CommandLog {
  /** Logs a line of the command itself; as JSON, `{ type: 'notice', text }`. */
  readonly notice: (text: string) => void
  /** Logs what the command reports, as text or as an object. */
  readonly report: (entry: LogEntry, text: string) => void
  /** Logs an event of the broker, if the log is verbose. */
  readonly event: (event: BrokerEvent) => void
}

/**
 * Creates the log of a command. A text line of an event has its time, its type, the client, and the reason of a refusal with
 * the rule behind it. Control characters in what clients send are escaped.
 */
export function commandLog({
  print,
  json = false,
  verbose = json,
  now = () => new Date(),
}: CommandLogOptions): CommandLog {
  const report = (entry: LogEntry, text: string): void =>
    print(json ? toJsonLine(entry, now()) : toPrintable(text))
  return {
    notice: (text) => report({ type: 'notice', text }, text),
    report,
    event: (event) => {
      if (!verbose) return
      if (json) return print(toJsonLine(event, now()))
      // The command itself prints where it listens.
      if (event.type === 'listening') return
      print(`${now().toISOString().slice(11, 23)} ${toPrintable(toEventText(event))}`)
    },
  }
}
