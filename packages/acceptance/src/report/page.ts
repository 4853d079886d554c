import type { Outcome, Section } from '../frame/section.js'
import { html, type Html } from './html.js'
import { style } from './style.js'
import { table } from './table.js'

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

/** The report as one page that needs nothing else: a pure function of the record. */
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
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Antiphon: acceptance</title>
        <style>
          ${{ markup: style }}
        </style>
      </head>
      <body>
        <h1>Nothing lost, no one let in</h1>
        <p class="${failures.length === 0 ? 'good' : 'bad'}">${verdict}</p>
        <p>
          ${startedAt}, ${Math.round(seconds)} s, by <code>${command}</code>,
          ${Object.entries(ground)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')}.
        </p>
        ${known.map(({ section, outcome }) => headlines(section, outcome))}
        ${known.map(
          ({ section, outcome, isBroken, seconds: took }) =>
            html`<section id="${section.name}">
              <h2>${section.title}</h2>
              <p>${Math.round(took)} s</p>
              ${failuresOf(outcome)} ${notRunOf(outcome)} ${isBroken ? undefined : section.render(outcome)}
            </section>`,
        )}
      </body>
    </html>`.markup
}

function headlines({ name, title }: Section, { figures }: Outcome): Html {
  return html`<h3><a href="#${name}">${title}</a></h3>
    <dl>
      ${figures.map(
        (figure) =>
          html`<div>
            <dt>${figure.name}</dt>
            <dd>${figure.value}</dd>
          </div>`,
      )}
    </dl>`
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
