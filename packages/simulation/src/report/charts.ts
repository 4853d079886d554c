import { lineChart, type Html, type Series } from '@antiphon/report'
import type { Result } from '../record/result.js'
import type { Second } from '../record/timeline.js'
import type { Scenario } from '../scenarios/scenario.js'

const series = (
  timeline: readonly Second[],
  names: Readonly<Partial<Record<keyof Second, string>>>,
): readonly Series[] =>
  Object.entries(names).map(([key, name]) => ({
    name,
    points: timeline.map((second) => [second.at, second[key as keyof Second]] as const),
  }))

/** The charts of a scenario, by the end of their file's name. */
export type Charts = Readonly<Record<string, Html>>

const commonOf = ({ disturbance: { start, end } }: Scenario) =>
  ({
    x: 'seconds',
    scale: 'linear',
    // Two labels side by side need room.
    events: [
      { at: start, label: 'begins' },
      ...(end > start ? [{ at: end, label: end - start < 5 ? '' : 'ends' }] : []),
    ],
  }) as const

/** Draws what happened a second in one run, and how much waited. */
export function chartsOf(scenario: Scenario, { timeline }: Result): Charts {
  const { name } = scenario
  const common = commonOf(scenario)
  return {
    '': lineChart({
      ...common,
      title: `${name}: requests a second`,
      y: 'a second',
      series: series(timeline, {
        responded: 'responded',
        offered: 'offered',
        sent: 'sent',
        failed: 'failed',
      }),
    }),
    '-waiting': lineChart({
      ...common,
      title: `${name}: requests that wait`,
      y: 'requests',
      series: series(timeline, { pending: 'pending', jobsAtWorkers: 'at the workers' }),
    }),
    '-connects': lineChart({
      ...common,
      title: `${name}: connections a second`,
      y: 'a second',
      series: series(timeline, { connects: 'connected', attempts: 'attempted' }),
    }),
  }
}

/** Draws the success of a scenario beside that of the one with a feature of the library. */
export function comparisonOf(scenario: Scenario, without: Result, { name, result }: NamedResult): Charts {
  const successOf = ({ timeline }: Result): Series['points'] =>
    timeline.map(({ at, success }) => [at, 100 * success] as const)
  return {
    '-compared': lineChart({
      ...commonOf(scenario),
      title: `${scenario.name}: requests that succeed`,
      y: '% of those offered in a second',
      series: [
        { name, points: successOf(result), isFirst: true },
        { name: scenario.name, points: successOf(without) },
      ],
    }),
  }
}

/** A run of a scenario. */
export interface NamedResult {
  readonly name: string
  readonly result: Result
}
