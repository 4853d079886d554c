/** The number of runs of a property; the nightly run sets more. */
export const runs = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 500) }

/** The number of runs of a property whose runs are long. */
export const longRuns = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 150) }
