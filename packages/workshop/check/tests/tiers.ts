import { inCache } from '../workspace.js'

/** The tiers of tests: tests of every change, tests with foreign programs, long tests. */
export const tiers = ['check', 'interop', 'nightly'] as const

/** A tier of tests; vitest has a project of the same name. */
export type Tier = (typeof tiers)[number]

/** Returns the tier of a test file by its name: `x.interop.test.ts`, `x.nightly.test.ts` or `x.test.ts`. */
export function tierOf(file: string): Tier {
  return tiers.find((tier) => file.endsWith(`.${tier}.test.ts`)) ?? 'check'
}

/** Returns vitest's options for a run of a tier. A nightly run includes the other tiers, with more runs of each property. */
export function optionsOf(tier: Tier, cores: number): readonly string[] {
  const projects = tier === 'nightly' ? tiers : [tier]
  return [
    ...projects.map((project) => `--project=${project}`),
    // The two tiers of a check run in parallel.
    `--maxWorkers=${tier === 'nightly' ? cores : Math.max(1, Math.floor(cores / 2))}`,
    // A file without tests is an error in the check tier: no foreign program can be missing there.
    ...(tier === 'check' ? ['--passWithNoTests=false'] : []),
  ]
}

/** Returns the path of vitest's JSON report of the last run of a tier. */
export const testReport = (tier: Tier): string => inCache('check', 'tests', `${tier}.json`)

/** The folder of the blob reports, from which vitest merges the coverage of the tiers. */
export const blobs: string = inCache('check', 'blobs')
