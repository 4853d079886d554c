import { figure, html, page, table, toSvgFile } from '@antiphon/report'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../record/result.js'
import type { Scenario } from '../scenarios/scenario.js'
import { chartsOf } from './charts.js'
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
  for (const { scenario, results } of runs) {
    const [first] = results
    if (first === undefined) continue
    const [requests, waiting] = chartsOf(scenario, first)
    if (requests !== undefined) writeFileSync(join(folder, `${scenario.name}.svg`), toSvgFile(requests))
    if (waiting !== undefined) writeFileSync(join(folder, `${scenario.name}-waiting.svg`), toSvgFile(waiting))
  }
}

const head = ['scenario', ...columns.map(({ title }) => title)]

const introduction = ({ devices, requestsPerSecond, seeds }: Subject): string =>
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
      ${runs.map(({ scenario, results }) => section(scenario, results))}`,
  })
}

function section(scenario: Scenario, [first]: readonly Result[]): ReturnType<typeof html> {
  return html`<h2>${scenario.name}</h2>
    <p>${scenario.title}</p>
    <div class="charts">${first === undefined ? '' : chartsOf(scenario, first).map(figure)}</div>`
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
    ...runs.flatMap(({ scenario }) => [
      '',
      `## ${scenario.name}`,
      '',
      scenario.title,
      '',
      `![Requests a second](./${scenario.name}.svg)`,
      `![Requests that wait](./${scenario.name}-waiting.svg)`,
    ]),
    '',
  ].join('\n')
}
