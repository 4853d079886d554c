import { eventLevel } from '../events.js'
import type { BrokerEvent, EventLevel } from '../events.js'
import { readable } from './readable.js'

/** Options of {@link Log}. */
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
  readonly status: (message: string) => void
  /** Prints a fault that does not end the command. */
  readonly fault: (level: EventLevel, message: string) => void
}

/** Creates the log of the command. */
export function createLog({ format, print, now }: LogOptions): Log {
  const json = (fields: object): void =>
    print(JSON.stringify(readable({ time: now().toISOString(), ...fields })))
  if (format === 'json')
    return {
      event: (event) => json({ level: eventLevel(event), ...event }),
      status: (message) => json({ level: 'info', message }),
      fault: (level, message) => json({ level, message }),
    }
  const text = (level: EventLevel, words: string): void => print(`${now().toISOString()} ${level} ${words}`)
  return {
    event: ({ type, ...fields }) =>
      text(eventLevel({ type, ...fields } as BrokerEvent), `${type}${toWords(fields)}`),
    status: print,
    fault: text,
  }
}

/** Returns fields as ` name=value …`; the fields of an inner object directly. */
function toWords(fields: object): string {
  return Object.entries(readable(fields) as object)
    .map(([name, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? toWords(value)
        : ` ${name}=${toWord(value)}`,
    )
    .join('')
}

/** Returns a value in quotes where it would not be one word: a topic cannot forge a line or a field. */
function toWord(value: unknown): string {
  return typeof value === 'string' && /^[\w./:+#$@-]+$/.test(value) ? value : JSON.stringify(value)
}
