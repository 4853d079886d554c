/** The broker's counters since it started. */
export interface Counters {
  connects: number
  refusals: number
  /** The number of refusals for each reason code. */
  refusalsByReason: Record<number, number>
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  dropped: number
}

/** Returns counters at zero. */
export function newCounters(): Counters {
  return {
    connects: 0,
    refusals: 0,
    refusalsByReason: {},
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    dropped: 0,
  }
}

/** Counts a refused connection. */
export function countRefusal(counters: Counters, reasonCode: number): void {
  counters.refusals++
  counters.refusalsByReason[reasonCode] = (counters.refusalsByReason[reasonCode] ?? 0) + 1
}
