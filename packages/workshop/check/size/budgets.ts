/** The size limit of a bundle, minified and compressed by gzip. */
export interface Budget {
  readonly name: string
  /** Packages of which every export is bundled, or files, such as the script of a page. */
  readonly imports: readonly string[]
  /** Packages that are not in the bundle, because the application has them. */
  readonly external: readonly string[]
  /** Whether the bundler selects the smallest modules of fp-ts and rxjs, as docs/guide/browser.md shows. */
  readonly isConfigured?: boolean
  /** The maximum size in bytes. Without a limit, the size is only printed. */
  readonly limit?: number
}

const core = ['', '/codec', '/link', '/topic'].map((subpath) => `@antiphon/core${subpath}`)
const both = [...core, '@antiphon/mqtt']
const client = ['mqtt', 'mqtt-packet']

/**
 * The budgets. Those of packages include every export, although an application bundles only the exports it imports, as the
 * page does.
 */
export const budgets: readonly Budget[] = [
  {
    name: 'core + mqtt',
    imports: both,
    external: ['rxjs', 'fp-ts', 'uuid', ...client],
    limit: 75_800,
  },
  { name: 'core + mqtt with fp-ts and uuid', imports: both, external: ['rxjs', ...client] },
  {
    name: 'core + mqtt/web',
    imports: [...core, '@antiphon/mqtt/web'],
    external: ['rxjs', 'fp-ts', 'uuid'],
  },
  {
    name: 'durable with indexed-db, and what it needs of core',
    imports: ['@antiphon/durable', '@antiphon/durable/indexed-db'],
    external: ['rxjs', 'fp-ts', 'uuid'],
    limit: 31_000,
  },
  {
    name: 'the page of example 06, with all its libraries',
    imports: ['./examples/06-phone-in-the-browser/page/main.ts'],
    external: [],
    isConfigured: true,
    limit: 67_500,
  },
  {
    name: 'the page of the inspector, with all its libraries',
    imports: ['./packages/inspector/page/app.ts'],
    external: [],
    isConfigured: true,
    limit: 13_500,
  },
]

/** The limit of the JavaScript that a command loads before it does its work. */
export interface StartBudget {
  readonly name: string
  /** The program that bundles the command into the folder that it gets as its argument. */
  readonly bundler: string
  readonly entry: string
  /** The parts that the command loads when it runs. */
  readonly parts: readonly string[]
  /** The maximum size in bytes, as the files are. */
  readonly limit: number
}

/** The budgets of commands: loading takes most of the time until the first response. */
export const startBudgets: readonly StartBudget[] = [
  {
    name: 'what antiphon request loads',
    bundler: 'packages/cli/bundle.mjs',
    entry: 'antiphon.js',
    parts: ['program', 'run-request'],
    limit: 1_560_000,
  },
]
