/** The size limit of a bundle, minified and compressed by gzip. */
export interface Budget {
  readonly name: string
  readonly imports: readonly string[]
  /** Packages that are not in the bundle, because the application has them. */
  readonly external: readonly string[]
  /** The maximum size in bytes. Without a limit, the size is only printed. */
  readonly limit?: number
}

const core = ['', '/codec', '/link', '/topic'].map((subpath) => `@antiphon/core${subpath}`)
const both = [...core, '@antiphon/mqtt']
const client = ['mqtt', 'mqtt-packet']

/** The budgets. They include every export of each package, although an application bundles only the exports it imports. */
export const budgets: readonly Budget[] = [
  {
    name: 'core + mqtt',
    imports: both,
    external: ['rxjs', 'fp-ts', 'uuid', ...client],
    limit: 58_000,
  },
  { name: 'core + mqtt with fp-ts and uuid', imports: both, external: ['rxjs', ...client] },
]
