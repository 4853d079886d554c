import type { ExchangeLog } from './exchange-log.js'
import type { Second } from './timeline.js'

/** What one run of a scenario showed. */
export interface Result {
  readonly seed: number
  readonly timeline: readonly Second[]
  readonly offered: number
  readonly responded: number
  /** Requests without a response, by the reason. */
  readonly timedOut: number
  readonly busy: number
  readonly failed: number
  /** Requests that more than one handler started. */
  readonly handledTwice: number
  /** Requests sent to requests offered. */
  readonly amplification: number
  /** Seconds from the end of the disturbance until requests succeed as before; `undefined` if they do not. */
  readonly recovery: number | undefined
  /** Seconds from the start of the disturbance to the last connection that it caused. */
  readonly reconnected: number
  /** Attempts to connect to connections, from the start of the disturbance; 0 if it caused none. */
  readonly attemptsPerConnect: number
  /** The most pending requests, and the most jobs at the workers. */
  readonly mostPending: number
  readonly mostJobs: number
}

/** The share of requests that has to succeed for the fleet to count as recovered, and for how many seconds. */
const SUCCESS = 0.99
const STEADY_SECONDS = 3

/** When the disturbance of a scenario starts and ends, in seconds. */
export interface Disturbance {
  readonly start: number
  readonly end: number
}

/** Returns the figures of a run. */
export function resultOf(
  seed: number,
  timeline: readonly Second[],
  log: ExchangeLog,
  { start, end }: Disturbance,
): Result {
  const counts = { offered: 0, responded: 0, timeout: 0, busy: 0, failed: 0, handledTwice: 0 }
  for (const { outcome, runs } of log) {
    counts.offered += 1
    counts[outcome ?? 'timeout'] += 1
    if (runs > 1) counts.handledTwice += 1
  }
  const sent = timeline.reduce((sum, second) => sum + second.sent, 0)
  const connecting = timeline.filter(({ at, connects }) => at >= start && connects > 0)
  const lastConnect = connecting.at(-1)
  const sumOf = (count: 'attempts' | 'connects'): number =>
    timeline.reduce((sum, second) => (second.at < start ? sum : sum + second[count]), 0)
  return {
    seed,
    timeline,
    offered: counts.offered,
    responded: counts.responded,
    timedOut: counts.timeout,
    busy: counts.busy,
    failed: counts.failed,
    handledTwice: counts.handledTwice,
    amplification: sent / counts.offered,
    recovery: recoveryOf(timeline, end),
    reconnected: lastConnect === undefined ? 0 : lastConnect.at + 1 - start,
    attemptsPerConnect: sumOf('attempts') / Math.max(1, sumOf('connects')),
    mostPending: Math.max(...timeline.map(({ pending }) => pending)),
    mostJobs: Math.max(...timeline.map(({ jobsAtWorkers }) => jobsAtWorkers)),
  }
}

function recoveryOf(timeline: readonly Second[], end: number): number | undefined {
  const isSteady = (at: number): boolean =>
    timeline.slice(at, at + STEADY_SECONDS).every(({ success }) => success >= SUCCESS)
  const steady = timeline.find(({ at }) => at >= end && isSteady(at))
  return steady === undefined ? undefined : steady.at - end
}
