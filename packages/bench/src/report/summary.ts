import type { Result } from '../result.js'
import { chartsOf } from './charts.js'
import { boundOf, inUnit, judge, shareOf } from './targets.js'

/** Returns a summary in Markdown: every target, and the charts as files. */
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
    '`report.html` has all rows, `result.json` all figures; the guide describes the method.',
    '',
    '| metric | target | worst row | result |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    ...chartsOf(result).map(({ name }) => `![${name.replaceAll('-', ' ')}](./${name}.svg)`),
    '',
  ].join('\n')
}
