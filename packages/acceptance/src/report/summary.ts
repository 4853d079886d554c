import type { Section } from '../frame/section.js'
import type { SuiteRecord } from './page.js'

/** Renders the figures of a run as a page of Markdown: a pure function of the record. */
export function summary(record: SuiteRecord, sections: readonly Section[]): string {
  const { startedAt, seconds, command, environment } = record
  const titleOf = (name: string): string => sections.find((section) => section.name === name)?.title ?? name
  const on = Object.entries(environment).map(([name, value]) => `${name} ${value}`)
  const rows = record.sections.flatMap(({ name, outcome }) =>
    outcome.figures.map((figure, index) => row(index === 0 ? titleOf(name) : '', figure.name, figure.value)),
  )
  const failures = record.sections.flatMap(({ outcome }) => outcome.failures)
  const notRun = record.sections.flatMap(({ outcome }) =>
    outcome.notRun.map(({ what, remedy }) => `${what} (${remedy})`),
  )
  return `${[
    '# Acceptance results',
    'Requesters, responders and brokers as real processes, under faults, load and attacks: this page shows whether Antiphon keeps its promises.',
    `${startedAt.slice(0, 10)}, \`${command}\`, ${Math.round(seconds / 60)} minutes on ${on.join(', ')}. \`report.html\` has the charts, all faults and all attacks.`,
    [row('section', 'figure', 'value'), row('---', '---', '---'), ...rows].join('\n'),
    failures.length === 0 ? 'No failures.' : list('Failures:', failures),
    ...(notRun.length === 0 ? [] : [list('Not run:', notRun)]),
  ].join('\n\n')}\n`
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function list(title: string, items: readonly string[]): string {
  return [title, '', ...items.map((item) => `- ${item}`)].join('\n')
}
