import type { Result, RowResult, SectionResult } from '../result.js'
import { chartsOf } from './charts.js'
import { element, escaped } from './svg.js'
import { cellsOf } from './table.js'
import { boundOf, inUnit, judge, verdictsOf, type Judgement, type Verdict } from './targets.js'
import { chartStyle, grounds, paint } from './theme.js'

const style = `
${grounds}
${chartStyle}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:40px 24px 80px}
h1{font-size:34px;line-height:1.15;margin:0 0 6px;letter-spacing:-.02em}
h2{font-size:22px;margin:52px 0 6px;letter-spacing:-.01em}
p{margin:0 0 14px;max-width:72ch}
.soft{color:var(--soft)}
header p{max-width:none}
summary{cursor:pointer;margin:44px 0 6px}
summary h2{display:inline;margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(255px,1fr));gap:12px;margin:22px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;border-left:4px solid var(--bad)}
.card.good{border-left-color:var(--good)}
.card b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums}
.card .verdict{font-size:13px;font-weight:600;color:var(--bad)}
.card.good .verdict{color:var(--good)}
.card small{display:block;color:var(--soft);font-size:13px;line-height:1.4}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));gap:28px 32px;margin:22px 0}
.charts figure{margin:0}
.charts svg{width:100%;height:auto;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:5px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--soft);font-weight:500;border-bottom-color:var(--soft)}
thead th:first-child{color:var(--ink);font-weight:600}
tbody tr.ours td{font-weight:650}
td.name::before{content:"";display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:9px;background:var(--c)}
td.bad{color:var(--bad);font-weight:600}
.row{margin:26px 0 8px}
.row .verdicts{margin:7px 0 0;font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px 20px}
.yes{color:var(--good)}.no{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:14px 0;font-size:15px}
dt{color:var(--soft)}dd{margin:0}
@media (max-width:560px){main{padding:24px 16px 60px}.charts{grid-template-columns:1fr}}
`

/** The report as one page that needs nothing beside itself. */
export function pageOf(result: Result): string {
  const charts = chartsOf(result).map(({ svg }) => element('figure', {}, svg))
  const verdicts = verdictsOf(result)
  const body = [
    headOf(result),
    element('div', { class: 'cards' }, ...judge(result).map(cardOf)),
    ...(charts.length === 0 ? [] : ['<h2>In pictures</h2>', element('div', { class: 'charts' }, ...charts)]),
    ...result.sections.map((section) => sectionOf(section, verdicts)),
    methodOf(result),
  ]
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>Antiphon, measured</title><style>${style}</style></head>`,
    `<body><main>${body.join('\n')}</main></body></html>\n`,
  ].join('\n')
}

function headOf({ startedAt, seconds, rounds, mode, machine }: Result): string {
  const length = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  const where = `${machine.cores} cores of ${machine.processor}, ${machine.memory}, ${machine.system}`
  return [
    '<header><h1>Antiphon, measured</h1>',
    element(
      'p',
      { class: 'soft' },
      escaped(
        `${startedAt.slice(0, 10)} · ${mode} run of ${length}, ${rounds} interleaved rounds, medians · ${where} · Node ${machine.node}, Mosquitto ${machine.mosquitto}`,
      ),
    ),
    '</header>',
  ].join('')
}

function cardOf({ target, verdicts, worst, reached }: Judgement): string {
  const isGood = reached === verdicts.length
  const share =
    verdicts.length === 1
      ? isGood
        ? 'reached'
        : 'not reached'
      : `reached in ${reached} of ${verdicts.length} rows`
  const isWorstNamed = verdicts.length > 1 && worst.value !== verdicts[0]?.value
  const where = isWorstNamed ? `; the worst is at ${worst.row.title}` : ''
  return element(
    'div',
    { class: isGood ? 'card good' : 'card' },
    element('span', { class: 'verdict' }, `${isGood ? '✓' : '✗'} ${share}`),
    element('b', {}, escaped(inUnit(worst.value, target))),
    element('small', {}, `${escaped(target.name)}: ${unbroken(boundOf(target))}${escaped(where)}`),
  )
}

/** Text that stays on one line. */
function unbroken(text: string): string {
  return escaped(text).replaceAll(' ', '&nbsp;')
}

function sectionOf({ title, about, rows }: SectionResult, verdicts: readonly Verdict[]): string {
  const tables = rows.map((row) =>
    rowOf(
      row,
      verdicts.filter((verdict) => verdict.row === row),
    ),
  )
  // Long sections are for those who look for something.
  const open = rows.length > 6 ? '' : ' open'
  const head = `<summary><h2>${escaped(title)}</h2> <span class="soft">${rows.length} rows</span></summary>`
  return `<details${open}>${head}<p class="soft">${escaped(about)}</p>${tables.join('\n')}</details>`
}

function rowOf(row: RowResult, verdicts: readonly Verdict[]): string {
  const [head = [], ...lines] = cellsOf(row)
  const table = element(
    'table',
    {},
    `<thead><tr>${head.map((cell) => element('th', {}, escaped(cell))).join('')}</tr></thead>`,
    `<tbody>${lines.map((cells, index) => lineOf(cells, index === 0, head.at(-1) === 'lost')).join('')}</tbody>`,
  )
  const said = verdicts.map(({ target, value, isReached }) =>
    element(
      'span',
      {},
      element('b', { class: isReached ? 'yes' : 'no' }, isReached ? '✓ reached' : '✗ not reached'),
      ` ${escaped(target.name)}: ${unbroken(`${inUnit(value, target)} (${boundOf(target)})`)}`,
    ),
  )
  const foot = said.length === 0 ? 'no target' : said.join('')
  return `<div class="row"><div class="scroll">${table}</div><div class="verdicts">${foot}</div></div>`
}

function lineOf(cells: readonly string[], isOurs: boolean, isLossLast: boolean): string {
  const [name = ''] = cells
  const loss = isLossLast ? cells.length - 1 : -1
  const row = cells.map((cell, column) =>
    column === 0
      ? element('td', { class: `name ${paint(name)}` }, escaped(cell))
      : element(
          'td',
          { class: column === loss && cell !== '0' && cell !== '–' ? 'bad' : undefined },
          escaped(cell),
        ),
  )
  return element('tr', { class: isOurs ? 'ours' : undefined }, ...row)
}

function methodOf({ entrants }: Result): string {
  const list = entrants.map(
    ({ name, about, version }) => `<dt>${escaped(name)}</dt><dd>${escaped(`${about} (${version})`)}</dd>`,
  )
  return [
    '<h2>Who took part</h2>',
    `<dl>${list.join('')}</dl>`,
    '<h2>How it was measured</h2>',
    '<p>Everybody runs on the same machine in the same run and takes turns: A B C, B C A, C A B. A figure is the median of the',
    'rounds, a ratio is one median over another of the same row. CPU is what the processes themselves used, user and system',
    'together, as the operating system counts it. A slice keeps so many requests open for a while and then waits for the last',
    'answer; an answer that does not come within four seconds of silence is lost, and counted.</p>',
  ].join('\n')
}
