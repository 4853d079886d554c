/** How often a property is tried; the nightly run asks for more. */
export const runs = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 500) }

/** How often a property is tried whose every run is a long story. */
export const longRuns = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 150) }
