import type { Ledgers } from './contract.js'

/** What the ledgers of a run show. */
export interface Verdict {
  readonly requests: number
  readonly answered: number
  /** Requests whose handler was killed: they are not handled again, and their requester learns it. */
  readonly interrupted: number
  /** Requests without an outcome. */
  readonly lost: readonly string[]
  /** Requests that were handled more than once. */
  readonly twice: readonly string[]
  /** Requests with another outcome than the response, or with a response although no handler ran. */
  readonly wrong: readonly string[]
}

/** Compares the ledgers with what durable requests guarantee: each is handled once at most, and gets its outcome. */
export function judge({ sent, handled, outcomes }: Ledgers): Verdict {
  const runs = new Map<string, number>()
  for (const key of handled) runs.set(key, (runs.get(key) ?? 0) + 1)
  const outcomeOf = new Map(outcomes)
  const isRight = ([key, outcome]: readonly [string, string]): boolean =>
    outcome === 'interrupted' || (outcome === 'done' && runs.has(key))
  return {
    requests: sent.length,
    answered: [...outcomeOf.values()].filter((outcome) => outcome === 'done').length,
    interrupted: [...outcomeOf.values()].filter((outcome) => outcome === 'interrupted').length,
    lost: sent.filter((key) => !outcomeOf.has(key)),
    twice: [...runs].filter(([, count]) => count > 1).map(([key]) => key),
    wrong: [...outcomeOf].filter((entry) => !isRight(entry)).map(([key, outcome]) => `${key}: ${outcome}`),
  }
}

/** Returns why a run fails. A run without requests shows nothing, so it fails too. */
export function failuresOf(run: string, verdict: Verdict): readonly string[] {
  const { requests, lost, twice, wrong } = verdict
  const complaints: readonly (readonly [string, readonly string[]])[] = [
    ['lost', lost],
    ['handled twice', twice],
    ['with a wrong outcome', wrong],
  ]
  return [
    ...(requests === 0 ? [`${run}: no request was sent`] : []),
    ...complaints
      .filter(([, keys]) => keys.length > 0)
      .map(([what, keys]) => `${run}: ${keys.length} ${what}: ${keys.slice(0, 5).join(', ')}`),
  ]
}
