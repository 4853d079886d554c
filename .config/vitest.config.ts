import { readdirSync, readFileSync } from 'node:fs'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = new URL('..', import.meta.url)
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'))

/** The packages whose coverage is measured. */
export const published = readdirSync(new URL('packages', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter(
    (name) => (json(`packages/${name}/package.json`) as { readonly private?: boolean }).private !== true,
  )

/** Returns the pattern of a package's sources. */
export const sources = (name: string): string => `packages/${name}/src/**/*.ts`

/** The files with the longest runs. */
const isLong = ({ moduleId }: TestSpecification): boolean => /contract[^/]*\.interop\./.test(moduleId)

/** Runs the longest files first, so that at the end no worker waits for another. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** Returns the project of a tier, whose test files have the given ending. */
const project = (
  name: string,
  ending: string,
  exclude: readonly string[] = [],
): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    include: ['packages', 'examples'].map((folder) => `${folder}/*/test/**/*${ending}`),
    exclude: [...configDefaults.exclude, ...exclude],
  },
})
// Nightly tests take long, so they run only if the command line contains "nightly".
// The MQTT.js to test with, if it is not the installed `mqtt`: a package that only packages/mqtt has.
const mqttJs = process.env['ANTIPHON_MQTT_JS']
const isNightly = process.argv.some((word) => word.includes('nightly'))

export default defineConfig({
  root: root.pathname,
  cacheDir: '.cache/vitest',
  resolve: { alias: mqttJs === undefined ? [] : [{ find: /^mqtt$/, replacement: mqttJs }] },
  test: {
    projects: [
      project('check', '.test.ts', ['**/*.{interop,nightly}.test.ts']),
      project('interop', '.interop.test.ts'),
      ...(isNightly ? [project('nightly', '.nightly.test.ts')] : []),
    ],
    globalSetup: ['packages/workshop/check/tests/guard-run.ts'],
    typecheck: { enabled: false },
    // If a foreign program is missing, describeForeign registers no tests; in CI that is a failure.
    passWithNoTests: process.env['CI'] !== 'true',
    // Only for tests that hang: on a busy machine a test may take many times as long as on an idle one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Test files of one worker share their imports, which halves the total time. No test may change an imported module.
    isolate: false,
    coverage: {
      provider: 'v8',
      include: published.map(sources),
      reporter: ['text-summary', 'json-summary', 'html'],
      reportOnFailure: true,
      reportsDirectory: '.cache/coverage',
    },
  },
})
