import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { ErrorCode } from '@antiphon/core'
import type { RequestOutcome } from './plan.js'

/** An event that a process records as one line. Times are milliseconds of the clock of {@link sharedNow}. */
export type LedgerEvent = { readonly at: number } & (
  | { readonly event: 'sent'; readonly request: string }
  /** The broker acknowledged the request's PUBLISH with this Reason Code. */
  | { readonly event: 'acknowledged'; readonly request: string; readonly reason: number }
  /** The requester got the outcome; `respondsTo` is the request that the response names. */
  | {
      readonly event: 'settled'
      readonly request: string
      readonly outcome: RequestOutcome
      readonly respondsTo?: string
      readonly message?: string
    }
  /** The handler was started; `identity` is its correlation, response topic and payload's digest. */
  | { readonly event: 'handler-started'; readonly request: string; readonly identity: string }
  /** A responder finished with a request. */
  | { readonly event: 'served'; readonly request: string; readonly outcome: string }
  /** A requester requested a stream. */
  | { readonly event: 'stream-sent'; readonly stream: string }
  /** A stream ended: `fault` says what was wrong with its items. */
  | {
      readonly event: 'stream-ended'
      readonly stream: string
      readonly outcome: 'complete' | ErrorCode
      readonly items: number
      readonly fault?: string
    }
  /** A requester cancelled a request, as its handler was running; `isFinal` after all faults. */
  | { readonly event: 'cancelled'; readonly request: string; readonly isFinal: boolean }
  /** A request failed before it could be cancelled. */
  | {
      readonly event: 'not-cancelled'
      readonly request: string
      readonly isFinal: boolean
      readonly code: ErrorCode
    }
  /** The handler of a request that is to be cancelled was started. */
  | { readonly event: 'held'; readonly request: string }
  /** A responder finished with a request that was to be cancelled. */
  | { readonly event: 'released'; readonly request: string; readonly outcome: string }
  /** A responder recognised a duplicate and did not run the handler. */
  | { readonly event: 'duplicate' }
  /** A requester received an unmatched response and dropped it. */
  | { readonly event: 'unmatched-response' }
  | { readonly event: 'online'; readonly sessionPresent: boolean }
  | { readonly event: 'offline'; readonly code: string }
  | { readonly event: 'incident'; readonly what: string }
  /** The process finished in order. */
  | { readonly event: 'finished' }
)

/** An event without its time, which the writer adds. */
export type LedgerEntry = LedgerEvent extends infer E
  ? E extends LedgerEvent
    ? Omit<E, 'at'>
    : never
  : never

/** The events of a process from its start to its exit. */
export interface Ledger {
  /** The name of the process, such as `responder-2`. */
  readonly process: string
  /** How often the process had been restarted before. */
  readonly restarts: number
  readonly events: readonly LedgerEvent[]
}

/** Appends events to a ledger. */
export interface LedgerWriter {
  readonly append: (entry: LedgerEntry) => void
  readonly close: () => void
}

/** Returns milliseconds of the monotonic clock, which all processes of a machine share and which cannot be set. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

/** Opens a ledger. Each line is handed to the operating system before the call returns, so that SIGKILL loses no line. */
export function writeLedger(file: string): LedgerWriter {
  const descriptor = openSync(file, 'a')
  return {
    append: (entry) => void writeSync(descriptor, `${JSON.stringify({ at: sharedNow(), ...entry })}\n`),
    close: () => closeSync(descriptor),
  }
}

/** Reads the ledger of a process. */
export function readLedger(file: string, process: string, restarts: number): Ledger {
  const lines = readFileSync(file, 'utf8').split('\n')
  return { process, restarts, events: lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerEvent) }
}
