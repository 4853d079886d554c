import type { RequestRecord, LoadRecord } from './application.js'

/** Milliseconds after which a response is slow. */
const slowThreshold = 250

/** The number of fast responses in a row after which the cluster has recovered. */
const fastToRecover = 100

/** A cluster under load, one of whose nodes was killed. */
export interface ClusterRecord {
  readonly name: string
  readonly note: string
  readonly sessionsOutliveNodes: boolean
  readonly secondsToStart: number
  /** Milliseconds since the start of the load. */
  readonly killedAt: number
  readonly load: LoadRecord
}

/** The figures of a cluster. */
export interface ClusterFigures {
  readonly requests: number
  readonly answered: number
  /** The number of requests with any other outcome, by outcome. */
  readonly otherOutcomes: Readonly<Record<string, number>>
  /** Milliseconds from the kill until requests are answered as fast as before. */
  readonly recovery: number
  /** The longest time that a request was pending, in milliseconds. */
  readonly longest: number
}

/** Returns the figures of a cluster. */
export function figuresOf({ load, killedAt }: ClusterRecord): ClusterFigures {
  const otherOutcomes: Record<string, number> = {}
  for (const { outcome } of load.requests)
    if (outcome !== 'responded') otherOutcomes[outcome] = (otherOutcomes[outcome] ?? 0) + 1
  const answered = load.requests.filter(({ outcome }) => outcome === 'responded')
  return {
    requests: load.requests.length,
    answered: answered.length,
    otherOutcomes,
    recovery: recoveryOf(load.requests, killedAt),
    longest: load.requests.reduce((most, { sentAt, settledAt }) => Math.max(most, settledAt - sentAt), 0),
  }
}

/** Returns the time from the kill to the last slow response that is followed by enough fast ones. */
function recoveryOf(requests: readonly RequestRecord[], killedAt: number): number {
  let recovered = killedAt
  let fastCount = 0
  for (const { sentAt, settledAt } of [...requests].sort((a, b) => a.sentAt - b.sentAt)) {
    if (settledAt < killedAt) continue
    if (settledAt - sentAt > slowThreshold) {
      recovered = Math.max(recovered, settledAt)
      fastCount = 0
    } else if (sentAt > killedAt && ++fastCount === fastToRecover) break
  }
  return recovered - killedAt
}

/** Returns failures: every request must settle once with its own response, whichever node is killed. */
export function failuresOf(record: ClusterRecord, expected: number): readonly string[] {
  const { name, load, sessionsOutliveNodes } = record
  const { requests, otherOutcomes } = figuresOf(record)
  const distinct = new Set(load.requests.map(({ id }) => id)).size
  const failures: string[] = []
  if (distinct !== expected) failures.push(`${name}: ${distinct} of ${expected} requests had an outcome`)
  if (requests !== distinct) failures.push(`${name}: ${requests - distinct} requests had two outcomes`)
  for (const [outcome, count] of Object.entries(otherOutcomes))
    failures.push(`${name}: ${count} requests ended with "${outcome}" and not with their response`)
  if (sessionsOutliveNodes && load.sessionsLost > 0)
    failures.push(`${name}: ${load.sessionsLost} sessions were lost with the node`)
  return failures
}
