import { readFileSync } from 'node:fs'
import { inRoot } from '../workspace.js'

/** The tests of a package that run for its mutants. */
export interface MutantTests {
  readonly tests: readonly string[]
  /** Test files that are too slow, or do not test sources of the package. */
  readonly leaveOut: readonly string[]
  /** Titles of tests that are too slow. */
  readonly leaveOutTitles: readonly string[]
}

/** The content of `.config/mutants.json`: the packages to mutate, their tests, and the percentages to kill. */
export interface MutantsSettings {
  /** The packages by folder name. */
  readonly packages: Readonly<Record<string, MutantTests>>
  /** The percentage of mutants to kill, by folder name of the table. A folder that is not listed has no floor. */
  readonly floors: Readonly<Record<string, number>>
}

/** Reads `.config/mutants.json`. */
export function readSettings(): MutantsSettings {
  return JSON.parse(readFileSync(inRoot('.config', 'mutants.json'), 'utf8')) as MutantsSettings
}
