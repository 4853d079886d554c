import { endpoint, text, type ContractTypes, type Correlation, type Endpoint } from '@antiphon/core'

/** The endpoint of the processes. The response to `x` is `x done`. */
export const order: Endpoint<ContractTypes<'order', string, string, 'one', Correlation>> = endpoint({
  topic: 'order',
  request: text,
  response: text,
})

/** The role of both processes. */
export interface DurabilityRole {
  readonly url: string
  /** The folder of stores and ledgers. */
  readonly folder: string
  /** How often the process was started before. */
  readonly starts: number
}

/** The ledgers: files with a line per event, appended before the process continues. */
export const ledgerFiles = { sent: 'sent.txt', handled: 'handled.txt', outcomes: 'outcomes.txt' } as const

/** What the ledgers contain. */
export interface Ledgers {
  /** The keys of requests that were written to the store, so that they must get an outcome. */
  readonly sent: readonly string[]
  /** The keys of requests, once for each run of the handler. */
  readonly handled: readonly string[]
  /** The keys of requests with their outcomes: `done`, `interrupted`, or an error. */
  readonly outcomes: readonly (readonly [key: string, outcome: string])[]
}
