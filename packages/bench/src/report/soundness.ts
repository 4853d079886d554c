import { antiphon } from '../names.js'
import type { Result } from '../result.js'
import { lostBy, outcomeOf } from './figures.js'

/** Returns whether Antiphon answered all requests, with a line for the terminal. */
export function soundnessOf({ sections }: Pick<Result, 'sections'>): {
  readonly isSound: boolean
  readonly note: string
} {
  const rows = sections.flatMap((section) => section.rows)
  const counts = rows
    .flatMap((row) => outcomeOf(row, antiphon)?.samples ?? [])
    .map((sample) => sample.sent ?? 0)
  const unsound = rows.filter((row) => {
    const outcome = outcomeOf(row, antiphon)
    return outcome !== undefined && (outcome.died !== undefined || lostBy(outcome) > 0)
  })
  const total = counts.reduce((sum, count) => sum + count, 0)
  return unsound.length === 0
    ? { isSound: true, note: `note: ${total.toLocaleString('en')} requests, none lost` }
    : {
        isSound: false,
        note: `Antiphon lost responses or failed: ${unsound.map(({ title }) => title).join('; ')}`,
      }
}
