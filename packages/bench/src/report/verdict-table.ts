import type { Result } from '../result.js'
import { boundOf, inUnit, judge } from './targets.js'

/** Formats all targets with their verdicts for the terminal. */
export function verdictTable(result: Pick<Result, 'sections'>): string {
  return judge(result)
    .map(({ target, verdicts, worst, reached }) => {
      const mark = reached === verdicts.length ? '✔' : '✘'
      const count =
        verdicts.length === 1
          ? ''
          : `, reached in ${reached} of ${verdicts.length} rows, worst at ${worst.row.title}`
      return `${mark} ${target.name}: ${inUnit(worst.value, target)}, target ${boundOf(target)}${count}`
    })
    .join('\n')
}
