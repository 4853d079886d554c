/** What a bundle may weigh, minified and compressed by gzip. */
export interface Budget {
  readonly name: string
  readonly imports: readonly string[]
  /** Not in the bundle: what an application brings itself. */
  readonly without: readonly string[]
  /** Bytes; a figure to look at where there is none. */
  readonly limit?: number
}

const both = ['@antiphon/core', '@antiphon/mqtt']

/** The budgets, all names of each package counted. */
export const budgets: readonly Budget[] = [
  {
    name: 'core + mqtt',
    imports: both,
    without: ['rxjs', 'mqtt', 'fp-ts', 'io-ts', 'uuid'],
    limit: 14_000,
  },
  { name: 'core + mqtt with fp-ts, io-ts and uuid', imports: both, without: ['rxjs', 'mqtt'] },
]
