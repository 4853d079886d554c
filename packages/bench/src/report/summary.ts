import type { Result } from '../result.js'
import { chartsOf } from './charts.js'
import { boundOf, inUnit, judge, shareOf } from './targets.js'

/** The report in short, in Markdown: every target, and the charts that stand beside it as files. */
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
    'All rows are in `report.html`, all figures in `result.json`; the guide says how they are made.',
    '',
    '| what | target | measured, where it is worst | |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    ...chartsOf(result).map(({ name }) => `![${name.replaceAll('-', ' ')}](./${name}.svg)`),
    '',
  ].join('\n')
}
