/**
 * A hybrid logical clock: timestamps that are later than all that were created and received before. The middleware `stamped`
 * sends and receives them.
 *
 * @packageDocumentation
 */

export { applicationClock, HybridClock } from '../clock/hybrid-clock.js'
export type { HybridClockOptions, TimestampFault } from '../clock/hybrid-clock.js'
export { formatTimestamp, parseTimestamp } from '../clock/timestamp.js'
export type { Timestamp } from '../clock/timestamp.js'
