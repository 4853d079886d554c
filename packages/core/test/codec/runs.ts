/** How often a property is tried; the nightly run asks for more. */
export const runs = { numRuns: Number(process.env['ANTIPHON_FC_RUNS'] ?? 500) }
