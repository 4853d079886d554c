import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { RequestOutcome } from './plan.js'

/** What a process says of itself, a line each. Times are milliseconds of a clock that all processes share. */
export type LedgerEvent = { readonly at: number } & (
  | { readonly event: 'asked'; readonly request: string }
  /** The broker acknowledged the request's publish, with this reason code. */
  | { readonly event: 'acknowledged'; readonly request: string; readonly reason: number }
  /** The caller was told; `of` is the request that the answer names. */
  | {
      readonly event: 'ended'
      readonly request: string
      readonly outcome: RequestOutcome
      readonly of?: string
      readonly why?: string
    }
  /** The handler was started; `as` is by what the request is known, its correlation and where its reply goes. */
  | { readonly event: 'ran'; readonly request: string; readonly as: string }
  /** What became of a request in hand. */
  | { readonly event: 'served'; readonly request: string; readonly outcome: string }
  /** A repetition was recognised, and not run. */
  | { readonly event: 'recognised' }
  /** A reply that nobody waits for was taken and dropped. */
  | { readonly event: 'stray' }
  | { readonly event: 'online'; readonly sessionPresent: boolean }
  | { readonly event: 'offline'; readonly code: string }
  | { readonly event: 'incident'; readonly what: string }
  /** The process ends in order. */
  | { readonly event: 'left' }
)

/** An event before its time is noted. */
export type LedgerEntry = LedgerEvent extends infer E
  ? E extends LedgerEvent
    ? Omit<E, 'at'>
    : never
  : never

/** What one life of a process wrote. */
export interface Ledger {
  /** Such as `responder-2`. */
  readonly who: string
  /** How many lives it had before. */
  readonly life: number
  readonly events: readonly LedgerEvent[]
}

/** Writes a ledger. */
export interface LedgerWriter {
  readonly note: (entry: LedgerEntry) => void
  readonly close: () => void
}

/** Milliseconds of the monotonic clock, which all processes of a machine share and nobody can set. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

/** Appends to a ledger. Each line is with the operating system before the call returns, so that SIGKILL loses none. */
export function writeLedger(file: string): LedgerWriter {
  const descriptor = openSync(file, 'a')
  return {
    note: (entry) => void writeSync(descriptor, `${JSON.stringify({ at: sharedNow(), ...entry })}\n`),
    close: () => closeSync(descriptor),
  }
}

/** Reads what one life wrote. */
export function readLedger(file: string, who: string, life: number): Ledger {
  const lines = readFileSync(file, 'utf8').split('\n')
  return { who, life, events: lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerEvent) }
}
