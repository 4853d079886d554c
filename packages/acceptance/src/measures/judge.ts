import type { KeyFigure } from '../frame/section.js'
import type { MeasureRecord } from './section.js'

/** Returns the figures for the top of the report: the met targets of each broker. */
export function figuresOf(records: readonly MeasureRecord[]): readonly KeyFigure[] {
  return [...new Set(records.map(({ broker }) => broker))].map((broker) => {
    const results = records.flatMap((record) =>
      record.broker === broker && record.result !== undefined ? [record.result] : [],
    )
    const met = results.filter(({ isMet }) => isMet).length
    return { name: `${broker}, targets met`, value: `${met} of ${results.length}` }
  })
}

/** Returns the missed targets. In the smoke part, which runs beside other tests, a time is no failure. */
export function failuresOf(records: readonly MeasureRecord[], isSmoke: boolean): readonly string[] {
  return records.flatMap(({ name, broker, target, isTimed = false, result }) =>
    result === undefined || result.isMet || (isTimed && isSmoke)
      ? []
      : [
          `${name}, on ${broker}: ${result.value}${result.detail === undefined ? '' : ` (${result.detail})`}; target: ${target}`,
        ],
  )
}
