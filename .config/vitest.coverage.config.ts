import { readFileSync } from 'node:fs'
import { mergeConfig } from 'vitest/config'
import tests, { published, sources } from './vitest.config.js'

/** The percentages that the tests of a package must reach. */
type Thresholds = Readonly<Record<'statements' | 'branches' | 'functions' | 'lines', number>>

const thresholds = JSON.parse(readFileSync(new URL('coverage.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Thresholds>
>

/** Checks the merged coverage of the tiers; a single tier does not reach the thresholds. */
export default mergeConfig(tests, {
  test: {
    coverage: {
      thresholds: Object.fromEntries(
        published.map((name) => [sources(name), thresholds[name] ?? thresholds['default']]),
      ),
    },
  },
})
