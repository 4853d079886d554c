import { figure, html, page, table, toneColour, type Html } from '@antiphon/report'
import type { Result, RowResult, SectionResult } from '../result.js'
import { furtherCharts, leadingCharts } from './charts.js'
import { cellsOf } from './table.js'
import { boundOf, inUnit, judge, shareOf, verdictsOf, type Judgement, type Verdict } from './targets.js'
import { toneOf } from './tones.js'

const style = `
summary{cursor:pointer;margin:44px 0 6px}
summary h2{display:inline}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(255px,1fr));gap:12px;margin:22px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;font-size:13px;line-height:1.4}
.card b{display:block;font-size:26px;line-height:1.2}
.card .good,.card .bad,.verdicts b{font-weight:600}
.figures{width:100%}
.figures :is(th,td){padding:5px 12px;text-align:right;white-space:nowrap}
.figures :is(th,td):first-child{text-align:left;padding-left:0}
.figures th:first-child{color:var(--ink);font-weight:600}
.figures tbody tr:first-child{font-weight:650}
.figures i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:9px}
.verdicts{margin:-9px 0 26px;font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px 20px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:14px 0;font-size:15px}
dt{color:var(--soft)}dd{margin:0}
`

/** Renders the report as one page. */
export function pageOf(result: Result): string {
  const leading = leadingCharts(result).map(({ chart }) => figure(chart))
  const further = furtherCharts(result).map(({ chart }) => figure(chart))
  const verdicts = verdictsOf(result)
  return page({
    title: 'Antiphon: benchmark results',
    style,
    body: [
      headOf(result),
      leading.length === 0 ? undefined : html`<div class="charts">${leading}</div>`,
      html`<h2>Targets</h2>
        <div class="cards">${judge(result).map(cardOf)}</div>`,
      further.length === 0
        ? undefined
        : html`<h2>Charts</h2>
            <div class="charts">${further}</div>`,
      result.sections.map((section) => sectionOf(section, verdicts)),
      methodOf(result),
    ],
  })
}

function headOf({ startedAt, seconds, rounds, mode, machine }: Result): Html {
  const length = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  const hardware = `${machine.cores} cores of ${machine.processor}, ${machine.memory}, ${machine.system}`
  return html`<h1>Antiphon: benchmark results</h1>
    <p class="soft">
      ${startedAt.slice(0, 10)} · ${mode} run of ${length}, ${rounds} interleaved rounds, medians ·
      ${hardware} · Node ${machine.node}, Mosquitto ${machine.mosquitto}
    </p> `
}

function cardOf(judgement: Judgement): Html {
  const { target, verdicts, worst } = judgement
  const { isReached, text } = shareOf(judgement)
  const isWorstShown = verdicts.length > 1 && worst.value !== verdicts[0]?.value
  const where = isWorstShown ? `; the worst is at ${worst.row.title}` : ''
  return html`<div class="card">
    <span class="${isReached ? 'good' : 'bad'}">${text}</span>
    <b>${inUnit(worst.value, target)}</b>
    <span class="soft">${target.name}: ${unbroken(boundOf(target))}${where}</span>
  </div> `
}

/** Replaces spaces by no-break spaces. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}

function sectionOf({ title, about, rows }: SectionResult, verdicts: readonly Verdict[]): Html {
  // A long section is collapsed.
  const open = rows.length > 6 ? '' : ' open'
  return html`<details${open}><summary><h2>${title}</h2> <span class="soft">${rows.length} rows</span></summary>
<p class="soft">${about}</p>
${rows.map((row) =>
  rowOf(
    row,
    verdicts.filter((verdict) => verdict.row === row),
  ),
)}</details>
`
}

function rowOf(row: RowResult, verdicts: readonly Verdict[]): Html {
  const [head = [], ...lines] = cellsOf(row)
  const isLossLast = head.at(-1) === 'lost'
  const cells = lines.map(([name = '', ...others]) => [
    html`<i style="background:${toneColour(toneOf(name))}"></i>${name}`,
    ...others.map((cell, index) => {
      const isLoss = isLossLast && index === others.length - 1 && cell !== '0' && cell !== '–'
      return isLoss ? html`<b class="bad">${cell}</b>` : cell
    }),
  ])
  const shownVerdicts = verdicts.map(
    ({ target, value, isReached }) =>
      html`<span
        ><b class="${isReached ? 'good' : 'bad'}">${isReached ? '✓ reached' : '✗ not reached'}</b>
        ${target.name}: ${unbroken(`${inUnit(value, target)} (${boundOf(target)})`)}</span
      >`,
  )
  return html`${table(head, cells, 'figures')}
    <div class="verdicts">${shownVerdicts.length === 0 ? 'no target' : shownVerdicts}</div> `
}

function methodOf({ contestants }: Result): Html {
  return html`<h2>Contestants</h2>
    <dl>
      ${contestants.map(
        ({ name, about, version }) =>
          html`<dt>${name}</dt>
            <dd>${about} (${version})</dd> `,
      )}
    </dl>
    <h2>Method</h2>
    <p>
      All contestants run on the same machine in the same run, in rotating order: A B C, B C A, C A B. A
      figure is the median of the rounds; a ratio is the quotient of two medians of the same row. CPU is the
      user and system time of the processes. A slice keeps the given number of requests in flight for a while
      and then waits for the last response. After four seconds without a response, the pending requests count
      as lost.
    </p>`
}
