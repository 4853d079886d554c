import type { Machine } from './machine.js'

/** A metric; `cpu` is that of both ends, `all` includes the broker. Times are milliseconds, CPU time is microseconds per operation, memory is bytes per request or endpoint. */
export type Metric =
  | 'all'
  | 'rate'
  | 'p50'
  | 'p99'
  | 'requester'
  | 'responder'
  | 'cpu'
  | 'broker'
  | 'instructions'
  | 'milliseconds'
  | 'bytes'
  | 'idle'
  | 'sent'
  | 'lost'

/** The figures of one slice of one contestant. */
export type Sample = Readonly<Partial<Record<Metric, number>>> & {
  /** The message of the first failure. */
  readonly fault?: string
}

/** The outcome of a contestant in a row: a sample per round, in order. */
export interface Outcome {
  readonly contestant: string
  readonly samples: readonly Sample[]
  /** Why the contestant failed, if it did. */
  readonly died?: string
}

/** The same measurement for several contestants. */
export interface RowResult {
  readonly title: string
  /** The parameters of the row, by which charts and targets select rows. */
  readonly facts: Facts
  readonly outcomes: readonly Outcome[]
}

/** The parameters of a row. */
export type Facts = Readonly<Record<string, string | number>>

/** Rows that belong together. */
export interface SectionResult {
  readonly title: string
  readonly about: string
  readonly rows: readonly RowResult[]
}

/** The description of a contestant, with its version. */
export interface ContestantInfo {
  readonly name: string
  readonly about: string
  readonly version: string
}

/** The result of a run, from which the whole report is drawn. */
export interface Result {
  readonly mode: 'full' | 'short' | 'partial'
  readonly startedAt: string
  readonly seconds: number
  readonly rounds: number
  readonly machine: Machine
  readonly contestants: readonly ContestantInfo[]
  readonly sections: readonly SectionResult[]
}
