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

/** Draws what happened a second in one run, and how much waited. */
export function chartsOf({ name, disturbance }: Scenario, { timeline }: Result): readonly Html[] {
  const { start, end } = disturbance
  const events = [{ at: start, label: 'begins' }, ...(end > start ? [{ at: end, label: 'ends' }] : [])]
  const common = { x: 'seconds', scale: 'linear', events } as const
  return [
    lineChart({
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
    lineChart({
      ...common,
      title: `${name}: requests that wait`,
      y: 'requests',
      series: series(timeline, { pending: 'pending', jobsAtWorkers: 'at the workers' }),
    }),
  ]
}
