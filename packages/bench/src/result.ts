import type { Machine } from './machine.js'

/** What is measured, by name. Times are milliseconds, CPU is microseconds for each operation, memory is bytes for each. */
export type Metric =
  | 'rate'
  | 'p50'
  | 'p99'
  | 'requester'
  | 'responder'
  | 'cpu'
  | 'broker'
  | 'milliseconds'
  | 'bytes'
  | 'idle'
  | 'asked'
  | 'lost'

/** What one slice of one contestant measured. */
export type Sample = Readonly<Partial<Record<Metric, number>>> & {
  /** The first failure that a lost answer was told of. */
  readonly fault?: string
}

/** What became of a contestant in a row: a sample from each round, in order. */
export interface Outcome {
  readonly contestant: string
  readonly samples: readonly Sample[]
  /** Why it gave up, if it did. */
  readonly died?: string
}

/** Several contestants doing the same. */
export interface RowResult {
  readonly title: string
  /** What the row stands for, in values that charts and targets go by. */
  readonly facts: Facts
  readonly outcomes: readonly Outcome[]
}

/** By which charts and targets find rows. */
export type Facts = Readonly<Record<string, string | number>>

/** Rows that belong together. */
export interface SectionResult {
  readonly title: string
  readonly about: string
  readonly rows: readonly RowResult[]
}

/** Who takes part, and in which version. */
export interface Entrant {
  readonly name: string
  readonly about: string
  readonly version: string
}

/** Everything a run found out: the report is made of this and nothing else. */
export interface Result {
  readonly mode: 'full' | 'short' | 'partial'
  readonly startedAt: string
  readonly seconds: number
  readonly rounds: number
  readonly machine: Machine
  readonly entrants: readonly Entrant[]
  readonly sections: readonly SectionResult[]
}
