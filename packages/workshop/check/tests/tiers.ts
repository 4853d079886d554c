import { inCache } from '../workspace.js'

/** The tiers of tests: what every change runs, what needs foreign programs, what takes long. */
export const tiers = ['check', 'interop', 'nightly'] as const

/** A tier of tests; vitest's project of this name holds its files. */
export type Tier = (typeof tiers)[number]

/** Returns the tier that the name of a test file says: `x.interop.test.ts`, `x.nightly.test.ts`, or `x.test.ts`. */
export function tierOf(file: string): Tier {
  return tiers.find((tier) => file.endsWith(`.${tier}.test.ts`)) ?? 'check'
}

/** Returns vitest's options for a run of a tier. A nightly run repeats the other tiers, with more runs of each property. */
export function optionsOf(tier: Tier, cores: number): readonly string[] {
  const projects = tier === 'nightly' ? tiers : [tier]
  return [
    ...projects.map((project) => `--project=${project}`),
    // The two tiers of a check run side by side.
    `--maxWorkers=${tier === 'nightly' ? cores : Math.max(1, Math.floor(cores / 2))}`,
    // A file without tests is an error where no foreign program can be missing.
    ...(tier === 'check' ? ['--passWithNoTests=false'] : []),
  ]
}

/** Where the last run of a tier left vitest's JSON report. */
export const testReport = (tier: Tier): string => inCache('check', 'tests', `${tier}.json`)

/** Where the tiers of a check leave their blobs, from which vitest merges their coverage. */
export const blobs: string = inCache('check', 'blobs')
