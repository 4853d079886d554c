import { drawing, element, label, rule } from './svg.js'
import { paint } from './theme.js'

/** A curve: a contestant's figures by a number that grows. */
export interface Curve {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** What a line chart shows; both axes are logarithmic. */
export interface LineChart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: readonly Curve[]
}

const [width, height] = [560, 376]
const plot = { left: 56, right: 440, top: 58, bottom: 322 }
const labelGap = 15

/** Draws curves over logarithmic axes, the first one above the others, each named where it ends. */
export function lineChart({ title, x, y, curves }: LineChart): string {
  const drawn = curves.filter(({ points }) => points.length > 0)
  const xs = [...new Set(drawn.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b)
  const ys = drawn.flatMap(({ points }) => points.map(([, at]) => at))
  const ticks = decades(Math.min(...ys), Math.max(...ys))
  const toX = scale(xs[0] ?? 1, xs.at(-1) ?? 10, plot.left, plot.right)
  const toY = scale(ticks[0] ?? 1, ticks.at(-1) ?? 10, plot.bottom, plot.top)
  const ends = spread(
    drawn.map(({ name, points }) => ({
      name,
      y: toY(points.at(-1)?.[1] ?? 1),
      x: toX(points.at(-1)?.[0] ?? 1),
    })),
  )
  return drawing(
    width,
    height,
    `${title}: ${y} by ${x}`,
    label(0, 16, title, { class: 'title' }),
    ...ticks.map((tick) => rule('grid', plot.left, toY(tick), plot.right, toY(tick))),
    ...ticks.map((tick) => label(plot.left - 8, toY(tick) + 4, short(tick), { 'text-anchor': 'end' })),
    rule('axis', plot.left, plot.bottom, plot.right, plot.bottom),
    ...xs.map((at) => label(toX(at), plot.bottom + 18, short(at), { 'text-anchor': 'middle' })),
    label((plot.left + plot.right) / 2, plot.bottom + 38, x, { 'text-anchor': 'middle' }),
    label(0, plot.top - 18, y),
    // The first is drawn last, on top.
    ...[...drawn].reverse().map((curve) => path(curve, curve === curves[0], toX, toY)),
    ...ends.map(({ name, y: at, x: from }) =>
      element(
        'g',
        { class: paint(name) },
        ...(from < plot.right - 1 ? [rule('grid', from + 6, at, plot.right + 8, at)] : []),
        label(plot.right + 12, at + 4, name, { class: 'own' }),
      ),
    ),
  )
}

type Scale = (value: number) => number

function path({ name, points }: Curve, isFirst: boolean, toX: Scale, toY: Scale): string {
  const places = points.map(([x, y]) => [toX(x), toY(y)] as const)
  const line = places
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('')
  return element(
    'g',
    { class: paint(name) },
    element('path', { class: isFirst ? 'curve first' : 'curve', d: line }),
    ...places.map(([cx, cy], index) =>
      element(
        'circle',
        { class: 'dot', cx, cy, r: isFirst ? 4.5 : 3.5 },
        element(
          'title',
          {},
          `${name}: ${(points[index]?.[1] ?? 0).toLocaleString('en', { maximumFractionDigits: 1 })}`,
        ),
      ),
    ),
  )
}

function scale(from: number, to: number, start: number, end: number): Scale {
  const span = Math.log(to) - Math.log(from)
  return (value) =>
    span === 0 ? (start + end) / 2 : start + ((Math.log(value) - Math.log(from)) / span) * (end - start)
}

/** 1, 2, 5 steps around the values, or whole decades where these would be too many. */
function decades(least: number, most: number): number[] {
  if (!Number.isFinite(least) || least <= 0) return [1, 10]
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const steps = high - low > 2 ? [1] : [1, 2, 5]
  const all: number[] = []
  for (let power = low; power <= high; power += 1) all.push(...steps.map((step) => step * 10 ** power))
  const below = all.filter((tick) => tick <= least).at(-1) ?? least
  const above = all.find((tick) => tick >= most) ?? most
  return all.filter((tick) => tick >= below && tick <= above)
}

function short(value: number): string {
  return value >= 1_000_000
    ? `${value / 1_000_000} M`
    : value >= 1_000
      ? `${Math.round(value / 100) / 10} k`
      : String(Math.round(value * 100) / 100)
}

/** Moves labels apart that would cover each other, keeping their order. */
function spread<L extends { readonly y: number }>(labels: readonly L[]): L[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y)
  let least = -Infinity
  const lowered = sorted.map((each) => {
    least = Math.max(each.y, least + labelGap)
    return { ...each, y: least }
  })
  let most = Math.max(plot.bottom, plot.top + labelGap * labels.length)
  return lowered.reverse().map((each) => {
    const y = Math.min(each.y, most)
    most = y - labelGap
    return { ...each, y }
  })
}
