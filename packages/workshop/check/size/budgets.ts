/** What a bundle may weigh, minified and compressed by gzip. */
export interface Budget {
  readonly name: string
  readonly imports: readonly string[]
  /** Not in the bundle: what an application brings itself. */
  readonly without: readonly string[]
  /** The most bytes that it may have. Without a limit it is weighed for information. */
  readonly limit?: number
}

const core = ['', '/codec', '/link', '/topic'].map((subpath) => `@antiphon/core${subpath}`)
const both = [...core, '@antiphon/mqtt']
const client = ['mqtt', 'mqtt-packet']

/** The budgets. Every name of each package counts, though an application bundles only those it imports. */
export const budgets: readonly Budget[] = [
  {
    name: 'core + mqtt',
    imports: both,
    without: ['rxjs', 'fp-ts', 'io-ts', 'uuid', ...client],
    limit: 48_500,
  },
  { name: 'core + mqtt with fp-ts, io-ts and uuid', imports: both, without: ['rxjs', ...client] },
]
