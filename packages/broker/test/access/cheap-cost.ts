import type { HashCost } from '../../src/access/password-hash.js'

/** A cost at which tests hash passwords in less than a millisecond. */
export const cheap: HashCost = { log2Cost: 4, blockSize: 8, parallelism: 1 }
