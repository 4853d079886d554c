import { html, page as framed, table, type Html } from '@antiphon/report'
import type { Outcome, Section } from '../frame/section.js'

/** The record of one section in the report's JSON. */
export interface SectionRecord {
  readonly name: string
  readonly seconds: number
  readonly outcome: Outcome
  /** Whether the section threw; then the outcome holds that failure alone. */
  readonly isBroken: boolean
}

/** The record of one run of the suite, the content of the report's JSON. */
export interface SuiteRecord {
  readonly startedAt: string
  readonly seconds: number
  readonly isSmoke: boolean
  /** The command that repeats the run. */
  readonly command: string
  /** The environment of the run: name and value. */
  readonly environment: Readonly<Record<string, string>>
  readonly sections: readonly SectionRecord[]
}

const style = `
main{max-width:60rem}
dl{display:flex;flex-wrap:wrap;gap:8px 32px;margin:8px 0}
dt{color:var(--soft);font-size:14px}dd{margin:0;font-size:20px;font-variant-numeric:tabular-nums}
`

/** Renders the report as one page: a pure function of the record. */
export function page(record: SuiteRecord, sections: readonly Section[]): string {
  const { startedAt, seconds, command, environment } = record
  const failures = record.sections.flatMap(({ outcome }) => outcome.failures)
  const rendered = record.sections.flatMap((sectionRecord) => {
    const section = sections.find(({ name }) => name === sectionRecord.name)
    return section === undefined ? [] : [{ ...sectionRecord, section }]
  })
  const verdict =
    failures.length === 0 ? 'No failures' : `${failures.length} failure${failures.length === 1 ? '' : 's'}`
  const on = Object.entries(environment).map(([name, value]) => `${name} ${value}`)
  return framed({
    title: 'Antiphon: acceptance',
    style,
    body: html`<h1>Acceptance</h1>
      <p class="${failures.length === 0 ? 'good' : 'bad'}">${verdict}</p>
      <p>${startedAt}, ${Math.round(seconds)} s, by <code>${command}</code>, ${on.join(', ')}.</p>
      ${rendered.map(({ section, outcome }) => headlines(section, outcome))}
      ${rendered.map(
        ({ section, outcome, isBroken, seconds: took }) =>
          html`<section id="${section.name}">
            <h2>${section.title}</h2>
            <p>${Math.round(took)} s</p>
            ${failuresOf(outcome)} ${notRunOf(outcome)} ${isBroken ? undefined : section.render(outcome)}
          </section> `,
      )}`,
  })
}

function headlines({ name, title }: Section, { figures }: Outcome): Html {
  return html`<h3><a href="#${name}">${title}</a></h3>
    <dl>
      ${figures.map(
        (figure) =>
          html`<div>
            <dt>${figure.name}</dt>
            <dd>${figure.value}</dd>
          </div> `,
      )}
    </dl> `
}

function failuresOf({ failures }: Outcome): Html | undefined {
  if (failures.length === 0) return undefined
  return html`<ul class="bad">
    ${failures.map((failure) => html`<li>${failure}</li>`)}
  </ul>`
}

function notRunOf({ notRun }: Outcome): Html | undefined {
  if (notRun.length === 0) return undefined
  return table(
    ['not run', 'how to run it'],
    notRun.map(({ what, remedy }) => [what, remedy]),
  )
}
