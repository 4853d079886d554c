import { html, page as framed, table, type Html } from '@antiphon/report'
import type { Outcome, Section } from '../frame/section.js'

/** How one section ended; what the report's JSON holds. */
export interface SectionRecord {
  readonly name: string
  readonly seconds: number
  readonly outcome: Outcome
  /** It broke off: the outcome says no more than that. */
  readonly isBroken: boolean
}

/** One run of the suite; what the report's JSON holds. */
export interface SuiteRecord {
  readonly startedAt: string
  readonly seconds: number
  readonly isSmoke: boolean
  /** The command that does the same again. */
  readonly command: string
  /** What it ran on. */
  readonly ground: Readonly<Record<string, string>>
  readonly sections: readonly SectionRecord[]
}

const style = `
main{max-width:60rem}
dl{display:flex;flex-wrap:wrap;gap:8px 32px;margin:8px 0}
dt{color:var(--soft);font-size:14px}dd{margin:0;font-size:20px;font-variant-numeric:tabular-nums}
`

/** Renders the report as one page: a pure function of the record. */
export function page(record: SuiteRecord, sections: readonly Section[]): string {
  const { startedAt, seconds, command, ground } = record
  const failures = record.sections.flatMap(({ outcome }) => outcome.failures)
  const known = record.sections.flatMap((each) => {
    const section = sections.find(({ name }) => name === each.name)
    return section === undefined ? [] : [{ ...each, section }]
  })
  const verdict =
    failures.length === 0
      ? 'everything held'
      : `${failures.length} thing${failures.length === 1 ? '' : 's'} did not hold`
  const on = Object.entries(ground).map(([name, value]) => `${name} ${value}`)
  return framed({
    title: 'Antiphon: acceptance',
    style,
    body: html`<h1>Acceptance</h1>
      <p class="${failures.length === 0 ? 'good' : 'bad'}">${verdict}</p>
      <p>${startedAt}, ${Math.round(seconds)} s, by <code>${command}</code>, ${on.join(', ')}.</p>
      ${known.map(({ section, outcome }) => headlines(section, outcome))}
      ${known.map(
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
    ['did not run here', 'what would make it run'],
    notRun.map(({ what, remedy }) => [what, remedy]),
  )
}
