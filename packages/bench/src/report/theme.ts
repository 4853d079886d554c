/** The colour of each contestant on light and on dark ground; told apart by people who see few colours, too. */
const palette: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  Antiphon: ['#1d4ed8', '#7aa7ff'],
  Map: ['#c2570c', '#ff9d5c'],
  'Map, no JSON': ['#a88a5a', '#d3b98a'],
  NestJS: ['#be123c', '#ff7d97'],
  moleculer: ['#7e22ce', '#c79bff'],
  'aws-crt': ['#0f766e', '#4fd1c0'],
  'nats.js': ['#4d7c0f', '#a9d65c'],
}
const otherwise: readonly [string, string] = ['#64748b', '#94a3b8']

/** The class that paints what belongs to a contestant. */
export function paint(contestant: string): string {
  const index = Object.keys(palette).indexOf(contestant)
  return `c${index < 0 ? 'x' : index}`
}

const entries = [
  ...Object.entries(palette).map(([, pair], index) => [String(index), pair] as const),
  ['x', otherwise] as const,
]
const variables = (dark: 0 | 1): string => entries.map(([key, pair]) => `--c${key}:${pair[dark]}`).join(';')

const light = `--ground:#ffffff;--card:#f7f8fa;--ink:#14181f;--soft:#5b6472;--line:#dde1e7;--good:#15803d;--bad:#b91c1c;${variables(0)}`
const dark = `--ground:#0f1218;--card:#171b23;--ink:#e8ebf0;--soft:#9aa4b2;--line:#2a303b;--good:#4ade80;--bad:#f87171;${variables(1)}`

/** What charts look like, wherever they stand. */
export const chartStyle: string = [
  ...entries.map(([key]) => `.c${key}{--c:var(--c${key})}`),
  'svg text{font:12px system-ui,sans-serif;fill:var(--soft)}',
  'svg .title{font-size:14px;font-weight:600;fill:var(--ink)}',
  'svg .grid{stroke:var(--line);stroke-width:1}',
  'svg .axis{stroke:var(--soft);stroke-width:1}',
  'svg .mark{stroke:var(--ink);stroke-width:1;stroke-dasharray:4 3}',
  'svg .curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}',
  'svg .curve.first{stroke-width:3.2}',
  'svg .dot{fill:var(--c);stroke:var(--ground);stroke-width:1.5}',
  'svg .bar{fill:var(--c)}',
  'svg .bar.second{opacity:.5}',
  'svg .name{fill:var(--ink)}',
  'svg .name.first,svg .value.first{font-weight:700}',
  'svg .value{fill:var(--ink);font-variant-numeric:tabular-nums}',
  // Figures stay readable on a line that they cross.
  'svg .value,svg .bad{paint-order:stroke;stroke:var(--ground);stroke-width:4px;stroke-linejoin:round}',
  'svg .own{fill:var(--c);font-weight:600}',
  'svg .bad{fill:var(--bad)}',
  'svg .reached{fill:var(--good)}',
  'svg .missed{fill:var(--bad)}',
  'svg .plain{fill:var(--soft)}',
].join('\n')

/** The variables of both grounds. */
export const grounds: string = `:root{${light}}\n@media (prefers-color-scheme:dark){:root{${dark}}}`
