/** The number of runs of a property. */
export const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 100)

/** The test timeout in milliseconds, for a slow machine. */
export const testTimeout = 20_000 + runs * 40

/** The seed of the runs: `ANTIPHON_FC_SEED`, or a random one. */
export const seed = Number(process.env['ANTIPHON_FC_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
