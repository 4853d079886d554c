import type { LatencyHistogram } from './latency-histogram.js'

/** The upper limits of the rows of the chart, in milliseconds. */
const limits = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]

/** Returns a bar for each range of latencies that has any, as wide as the terminal allows. */
export function latencyChart(histogram: LatencyHistogram, columns: number): readonly string[] {
  const rows = histogram.countsBelow(limits).map((count, index) => ({ count, label: labelOf(index) }))
  const first = rows.findIndex(({ count }) => count > 0)
  if (first < 0) return []
  const last = rows.length - 1 - [...rows].reverse().findIndex(({ count }) => count > 0)
  const shown = rows.slice(first, last + 1)
  const most = Math.max(...shown.map(({ count }) => count))
  const countWidth = String(most).length
  const width = Math.max(1, Math.min(50, columns - countWidth - 14))
  return shown.map(({ count, label }) => {
    // A range that has any latency has at least one character.
    const bar = '#'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * width)))
    return `${label.padStart(10)}  ${String(count).padStart(countWidth)} ${bar}`.trimEnd()
  })
}

function labelOf(index: number): string {
  const limit = limits[index]
  if (limit !== undefined) return `<= ${limit} ms`
  return `> ${limits.at(-1)} ms`
}
