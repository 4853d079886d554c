import type { ServeOutcome } from '../observe/serve-record.js'
import { LatestMinimum } from '../time/latest-minimum.js'
import type { RequestContext } from './request-context.js'

/** The weight of the latest run. */
const WEIGHT = 0.1

/** Milliseconds after which the lowest average is measured again; the one before counts for as long. */
const PERIOD = 1_000

/** The least share of runs that is taken to end by itself, so that the average stays finite. */
const LEAST_SHARE = 0.01

/**
 * How a run ended: by itself, stopped because its time was over, or stopped for a reason that says nothing about the handler,
 * such as a requester that no longer wants the response.
 */
export type RunEnd = 'whole' | 'too-slow' | 'unwanted'

/** Outcomes that tell how a run ended; those with another one were stopped for reasons of their requester or of this process. */
const RUN_ENDS: Partial<Record<ServeOutcome, RunEnd>> = {
  responded: 'whole',
  failed: 'whole',
  unsent: 'whole',
  expired: 'too-slow',
  'timed-out': 'too-slow',
}

/** Expiries are whole seconds, so a cancel with less time left may come from a requester whose timeout is over. */
const EXPIRY_STEP = 1_000

/** Returns how a run with an outcome ended. */
export function runEndOf(
  outcome: ServeOutcome,
  { expiresAt, lifetime }: Pick<RequestContext, 'expiresAt' | 'lifetime'>,
  endedAt: number,
): RunEnd {
  const isTimeOver = expiresAt - endedAt < Math.min(EXPIRY_STEP, lifetime / 2)
  return outcome === 'cancelled' && isTimeOver ? 'too-slow' : (RUN_ENDS[outcome] ?? 'unwanted')
}

/**
 * The times of the latest runs of a handler.
 *
 * The lowest of the latest averages tells what others must expect: runs that a busy process has held up for a moment end
 * together, and raise the average for as long as it takes others to end.
 */
export class HandlerTime {
  #time = 0
  #share = 0
  #hasRuns = false
  #occupied: number | undefined
  #lowestAverage: LatestMinimum | undefined
  #lowestOccupied: LatestMinimum | undefined

  /**
   * The average time that the latest runs would take if none was stopped, in milliseconds; 0 before the first run.
   *
   * It is the time of all runs divided by the number of those that ended by themselves: an average of these alone would
   * leave out the slow runs, which are stopped, and so would be lowest under load.
   */
  get average(): number {
    return this.#hasRuns ? this.#time / Math.max(LEAST_SHARE, this.#share) : 0
  }

  /** The average time for which the latest runs have kept others waiting, however they ended; 0 before the first run. */
  get occupied(): number {
    return this.#occupied ?? 0
  }

  /** Returns the lowest of the latest averages. */
  lowestAverage(now: number): number {
    return Math.min(this.average, this.#lowestAverage?.at(now) ?? Infinity)
  }

  /** Returns the lowest of the latest average times for which runs have kept others waiting. */
  lowestOccupied(now: number): number {
    return Math.min(this.occupied, this.#lowestOccupied?.at(now) ?? Infinity)
  }

  /** Notes a run. */
  add(duration: number, end: RunEnd, now: number): void {
    this.#occupied = this.#occupied === undefined ? duration : towards(this.#occupied, duration, WEIGHT)
    this.#lowestOccupied ??= new LatestMinimum(PERIOD)
    this.#lowestOccupied.add(this.#occupied, now)
    if (end === 'unwanted') return
    const weight = this.#hasRuns ? WEIGHT : 1
    this.#hasRuns = true
    this.#time = towards(this.#time, duration, weight)
    this.#share = towards(this.#share, end === 'whole' ? 1 : 0, weight)
    this.#lowestAverage ??= new LatestMinimum(PERIOD)
    this.#lowestAverage.add(this.average, now)
  }
}

function towards(average: number, latest: number, weight: number): number {
  return average + weight * (latest - average)
}
