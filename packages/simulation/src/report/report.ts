import { figure, type Html, html, page, table, toSvgFile } from '@antiphon/report'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../record/result.js'
import type { Scenario } from '../scenarios/scenario.js'
import { chartsOf, type Charts, comparisonOf } from './charts.js'
import { columns, figuresOf } from './figures.js'

/** The runs of a scenario. */
export interface ScenarioResults {
  readonly scenario: Scenario
  readonly results: readonly Result[]
}

/** What was simulated, as a sentence. */
export interface Subject {
  readonly devices: number
  readonly requestsPerSecond: number
  readonly seeds: number
}

/** Writes the page and the charts of a simulation to a folder, with a summary in Markdown. */
export function writeReport(folder: string, subject: Subject, runs: readonly ScenarioResults[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'report.html'), reportPage(subject, runs))
  writeFileSync(join(folder, 'README.md'), reportSummary(subject, runs))
  for (const run of runs) {
    for (const [suffix, chart] of Object.entries(allChartsOf(run, runs)))
      writeFileSync(join(folder, `${run.scenario.name}${suffix}.svg`), toSvgFile(chart))
  }
}

/** Returns the charts of a scenario's first run; first the comparison, if the run to compare it to is there. */
function allChartsOf(
  { scenario, results: [first] }: ScenarioResults,
  runs: readonly ScenarioResults[],
): Charts {
  if (first === undefined) return {}
  const other = runs.find((run) => run.scenario.name === scenario.comparedTo)
  const result = other?.results[0]
  const comparison =
    other === undefined || result === undefined
      ? {}
      : comparisonOf(scenario, first, { name: other.scenario.name, result })
  return { ...comparison, ...chartsOf(scenario, first) }
}

const altTexts: Readonly<Record<string, string>> = {
  '-compared': 'Requests that succeed',
  '': 'Requests a second',
  '-waiting': 'Requests that wait',
  '-connects': 'Connections a second',
}

const head = ['scenario', ...columns.map(({ title }) => title)]

const introduction = ({ devices, requestsPerSecond, seeds }: Subject): string =>
  'Each scenario disturbs a fleet of simulated devices and their broker, and shows how many requests still succeed. ' +
  `${devices.toLocaleString('en')} devices and ${requestsPerSecond.toLocaleString('en')} requests a second, each scenario with ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}. ` +
  'Figures are means with their 95 % confidence interval; charts show the first seed. Recovery is the time from the end of the disturbance until 99 % of the requests succeed again.'

/** Returns the page of the report. */
export function reportPage(subject: Subject, runs: readonly ScenarioResults[]): string {
  return page({
    title: 'Antiphon: a fleet in simulation',
    body: html`<h1>A fleet in simulation</h1>
      <p>${introduction(subject)}</p>
      ${table(
        head,
        runs.map(({ scenario, results }) => [scenario.name, ...figuresOf(results)]),
      )}
      ${runs.map((run) => section(run.scenario, Object.values(allChartsOf(run, runs))))}`,
  })
}

function section(scenario: Scenario, charts: readonly Html[]): Html {
  return html`<h2>${scenario.name}</h2>
    <p>${scenario.title}</p>
    <div class="charts">${charts.map(figure)}</div>`
}

/** Returns the summary of the report in Markdown. */
export function reportSummary(subject: Subject, runs: readonly ScenarioResults[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    '# A fleet in simulation',
    '',
    introduction(subject),
    '',
    row(head),
    row(head.map(() => '---')),
    ...runs.map(({ scenario, results }) => row([scenario.name, ...figuresOf(results)])),
    ...runs.flatMap((run) => [
      '',
      `## ${run.scenario.name}`,
      '',
      run.scenario.title,
      '',
      ...Object.keys(allChartsOf(run, runs)).map(
        (suffix) => `![${altTexts[suffix]}](./${run.scenario.name}${suffix}.svg)`,
      ),
    ]),
    '',
  ].join('\n')
}
