import { readFileSync } from 'node:fs'
import { inRoot } from '../workspace.js'

/** The content of `.config/mutants.json`: the packages to mutate, their tests, and the percentages to kill. */
export interface MutantsSettings {
  /** The packages by folder name. `leaveOut` lists test files that are too slow or do not test sources of the package. */
  readonly packages: Readonly<
    Record<string, { readonly tests: readonly string[]; readonly leaveOut: readonly string[] }>
  >
  /** The percentage of mutants to kill, by folder name of the table. A folder that is not listed has no floor. */
  readonly floors: Readonly<Record<string, number>>
}

/** Reads `.config/mutants.json`. */
export function readSettings(): MutantsSettings {
  return JSON.parse(readFileSync(inRoot('.config', 'mutants.json'), 'utf8')) as MutantsSettings
}
