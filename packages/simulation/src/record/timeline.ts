import type { ExchangeLog } from './exchange-log.js'

/** One second of a run. */
export interface Second {
  /** Seconds since the load began. */
  readonly at: number
  /** Attempts to connect. */
  readonly attempts: number
  readonly connects: number
  readonly offered: number
  /** Requests, retries included, that the broker has acknowledged. */
  readonly sent: number
  /** Responses received. */
  readonly responded: number
  readonly failed: number
  /** Of the requests offered in this second, the share that got its response, 0 to 1. */
  readonly success: number
  /** The pending requests at its end. */
  readonly pending: number
  /** The jobs at the workers at its end. */
  readonly jobsAtWorkers: number
}

/** The counts at the end of a second. */
export type Sample = Pick<Second, 'attempts' | 'connects' | 'sent' | 'pending' | 'jobsAtWorkers'>

/** Returns the seconds of a run from the counts at the end of each and the log of its requests. */
export function timelineOf(
  start: number,
  before: Sample,
  samples: readonly Sample[],
  log: ExchangeLog,
): Second[] {
  const secondOf = (time: number): number => Math.floor((time - start) / 1_000)
  const counts = samples.map(() => ({ offered: 0, responded: 0, failed: 0, succeeded: 0 }))
  for (const { offeredAt, outcome, settledAt } of log) {
    const offered = counts[secondOf(offeredAt)]
    if (offered !== undefined) offered.offered += 1
    if (outcome === undefined) continue
    const settled = counts[secondOf(settledAt)]
    if (outcome === 'responded') {
      if (offered !== undefined) offered.succeeded += 1
      if (settled !== undefined) settled.responded += 1
    } else if (settled !== undefined) settled.failed += 1
  }
  return counts.map(({ offered, responded, failed, succeeded }, at) => {
    const { attempts = 0, connects = 0, sent = 0, pending = 0, jobsAtWorkers = 0 } = samples[at] ?? {}
    const previous = samples[at - 1] ?? before
    return {
      at,
      attempts: attempts - previous.attempts,
      connects: connects - previous.connects,
      offered,
      sent: sent - previous.sent,
      responded,
      failed,
      success: offered === 0 ? 1 : succeeded / offered,
      pending,
      jobsAtWorkers,
    }
  })
}
