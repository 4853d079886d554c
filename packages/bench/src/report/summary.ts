import type { Result } from '../result.js'
import { type Chart, furtherCharts, leadingCharts } from './charts.js'
import { boundOf, inUnit, judge, shareOf } from './targets.js'

/** Returns a summary in Markdown: the leading charts as files, every target, the other charts. */
export function summaryOf(result: Result): string {
  const { machine, startedAt, rounds } = result
  const lines = judge(result).map((judgement) => {
    const { target, worst } = judgement
    return `| ${target.name} | ${boundOf(target)} | ${inUnit(worst.value, target)} | ${shareOf(judgement).text} |`
  })
  return [
    '# Benchmark results',
    '',
    `${startedAt.slice(0, 10)}, medians of ${rounds} interleaved rounds on ${machine.cores} cores of ${machine.processor} with Node ${machine.node} and Mosquitto ${machine.mosquitto}.`,
    '`report.html` has all rows, `result.json` all figures. [Run the benchmarks](../guide/benchmarks.md) describes the method.',
    '',
    ...leadingCharts(result).map(imageOf),
    '',
    '| metric | target | worst row | result |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    ...furtherCharts(result).map(imageOf),
    '',
  ].join('\n')
}

function imageOf({ name }: Chart): string {
  return `![${name.replaceAll('-', ' ')}](./${name}.svg)`
}
