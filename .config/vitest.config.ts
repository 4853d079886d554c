import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url)
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'))

/** Percentages that a package's tests must reach. */
type Thresholds = Readonly<Record<'statements' | 'branches' | 'functions' | 'lines', number>>

const thresholds = json('.config/coverage.json') as Readonly<Record<string, Thresholds>>
const published = readdirSync(new URL('packages', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter(
    (name) => (json(`packages/${name}/package.json`) as { readonly private?: boolean }).private !== true,
  )
const sources = (name: string): string => `packages/${name}/src/**/*.ts`

export default defineConfig({
  root: root.pathname,
  cacheDir: '.cache/vitest',
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    typecheck: { enabled: false },
    // A file may register nothing where a foreign program lacks (describeForeign); in CI that is a failure.
    passWithNoTests: process.env['CI'] !== 'true',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Files of one worker share what they import, which halves the time of the whole: no test changes what is imported.
    isolate: false,
    coverage: {
      provider: 'v8',
      include: published.map(sources),
      reporter: ['text-summary', 'json-summary', 'html'],
      reportOnFailure: true,
      reportsDirectory: '.cache/coverage',
      thresholds: Object.fromEntries(
        published.map((name) => [sources(name), thresholds[name] ?? thresholds['default']]),
      ),
    },
  },
})
