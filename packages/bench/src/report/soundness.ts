import { antiphon } from '../names.js'
import type { Result } from '../result.js'
import { lostBy, outcomeOf } from './figures.js'

/** Whether everything that was asked of Antiphon was answered, and a line that says so. */
export function soundnessOf({ sections }: Pick<Result, 'sections'>): {
  readonly isSound: boolean
  readonly note: string
} {
  const rows = sections.flatMap((section) => section.rows)
  const requested = rows
    .flatMap((row) => outcomeOf(row, antiphon)?.samples ?? [])
    .map((sample) => sample.asked ?? 0)
  const unsound = rows.filter((row) => {
    const outcome = outcomeOf(row, antiphon)
    return outcome !== undefined && (outcome.died !== undefined || lostBy(outcome) > 0)
  })
  const total = requested.reduce((sum, each) => sum + each, 0)
  return unsound.length === 0
    ? { isSound: true, note: `note: ${total.toLocaleString('en')} asked, none lost` }
    : {
        isSound: false,
        note: `Antiphon lost answers, or died: ${unsound.map(({ title }) => title).join('; ')}`,
      }
}
