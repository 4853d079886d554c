/** How many runs a property gets. */
export const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

/** Milliseconds they may take on a slow machine. */
export const patience = 20_000 + runs * 40
