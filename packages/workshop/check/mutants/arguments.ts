import { parseArgs } from 'node:util'

/** The parsed command line of `pnpm mutants`. */
export interface MutantsArguments {
  /** Files and folders to mutate, as typed; all sources if empty. */
  readonly paths: readonly string[]
  /** Whether to write the counts of the folders that were mutated whole to the baseline. */
  readonly isSaving: boolean
  /** Whether to run all mutants again, also those with a result of an earlier run. */
  readonly isFresh: boolean
  /** The number of mutants that are tested at once; Stryker's default if `undefined`. */
  readonly concurrency: number | undefined
}

/** Parses the command line of `pnpm mutants`. Throws if an option is unknown or malformed. */
export function readArguments(args: readonly string[]): MutantsArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      save: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      concurrency: { type: 'string' },
    },
  })
  return {
    paths: positionals,
    isSaving: values.save,
    isFresh: values.force,
    concurrency: values.concurrency === undefined ? undefined : countFrom(values.concurrency),
  }
}

function countFrom(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1) return count
  throw new Error(`--concurrency is ${text}: it must be a whole number from 1`)
}
