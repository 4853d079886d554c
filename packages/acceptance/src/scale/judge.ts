import type { Answered, Load } from './application.js'

/** Milliseconds after which an answer is slow, and how many quick ones in a row say that all is well again. */
const SLOW = 250
const CALM = 100

/** A cluster under load, one of whose nodes was killed. */
export interface ClusterRecord {
  readonly name: string
  readonly note: string
  readonly sessionsOutliveNodes: boolean
  readonly secondsToStart: number
  /** Milliseconds after the first question. */
  readonly killedAt: number
  readonly load: Load
}

/** What can be said of it in numbers. */
export interface ClusterFigures {
  readonly asked: number
  readonly answered: number
  /** How many questions ended otherwise, by how. */
  readonly others: Readonly<Record<string, number>>
  /** Milliseconds from the kill until questions are answered as quickly as ever again. */
  readonly recovery: number
  /** The longest that a question was open, in milliseconds. */
  readonly longest: number
}

/** Counts what became of the questions. */
export function figuresOf({ load, killedAt }: ClusterRecord): ClusterFigures {
  const others: Record<string, number> = {}
  for (const { outcome } of load.questions)
    if (outcome !== 'responded') others[outcome] = (others[outcome] ?? 0) + 1
  const answered = load.questions.filter(({ outcome }) => outcome === 'responded')
  return {
    asked: load.questions.length,
    answered: answered.length,
    others,
    recovery: recoveryOf(load.questions, killedAt),
    longest: load.questions.reduce(
      (most, { asked: requested, ended }) => Math.max(most, ended - requested),
      0,
    ),
  }
}

/** Until the last slow question before so many quick ones in a row that the kill can have held up no other. */
function recoveryOf(requests: readonly Answered[], killedAt: number): number {
  let recovered = killedAt
  let quickOnes = 0
  for (const { asked: requested, ended } of [...requests].sort((a, b) => a.asked - b.asked)) {
    if (ended < killedAt) continue
    if (ended - requested > SLOW) {
      recovered = Math.max(recovered, ended)
      quickOnes = 0
    } else if (requested > killedAt && ++quickOnes === CALM) break
  }
  return recovered - killedAt
}

/** What is wrong, a sentence each: every question has to end once, with its own answer, whatever node dies. */
export function failuresOf(record: ClusterRecord, expected: number): readonly string[] {
  const { name, load, sessionsOutliveNodes } = record
  const { asked: requested, others } = figuresOf(record)
  const distinct = new Set(load.questions.map(({ id }) => id)).size
  const failures: string[] = []
  if (distinct !== expected) failures.push(`${name}: ${distinct} of ${expected} questions had an outcome`)
  if (requested !== distinct) failures.push(`${name}: ${requested - distinct} questions had two outcomes`)
  for (const [outcome, count] of Object.entries(others))
    failures.push(`${name}: ${count} questions ended with "${outcome}" and not with their answer`)
  if (sessionsOutliveNodes && load.sessionsLost > 0)
    failures.push(`${name}: ${load.sessionsLost} sessions were lost with the node`)
  return failures
}
