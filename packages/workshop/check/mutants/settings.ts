import { readFileSync } from 'node:fs'
import { inRoot } from '../workspace.js'

/** `.config/mutants.json`: which packages are mutated, by which tests, and how many mutants must be killed. */
export interface MutantsSettings {
  /** By the package's folder name. `leaveOut` lists test files that are too slow or test no source of the package. */
  readonly packages: Readonly<
    Record<string, { readonly tests: readonly string[]; readonly leaveOut: readonly string[] }>
  >
  /** The percentage of mutants to kill, by folder as the table names it. A folder that is not listed has no floor. */
  readonly floors: Readonly<Record<string, number>>
}

/** Reads `.config/mutants.json`. */
export function readSettings(): MutantsSettings {
  return JSON.parse(readFileSync(inRoot('.config', 'mutants.json'), 'utf8')) as MutantsSettings
}
