/** How many runs a property gets. */
export const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 100)

/** Milliseconds they may take on a slow machine. */
export const patience = 20_000 + runs * 40

/** What the runs of a property are drawn from: what was asked for, or anything. */
export const seed = Number(process.env['ANTIPHON_FC_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
