import { html, type Html } from './html.js'
import { linearScale, logarithmicScale, type Scale } from './scale.js'

/** Named points, left to right. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** What a plot says about itself. */
export interface PlotOptions {
  readonly title: string
  /** What goes to the right, and what goes up. */
  readonly x: string
  readonly y: string
}

const width = 720
const height = 240
const left = 64
const right = 12
const top = 12
const bottom = 40

/** Lines over a common ground; the axes begin at 0 where nothing is below it. */
export function linePlot(options: PlotOptions, measured: readonly Series[]): Html {
  const series = measured.map(({ name, points }) => ({
    name,
    points: points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
  }))
  const points = series.flatMap((each) => each.points)
  const xs = linearScale(
    points.map(([x]) => x),
    [left, width - right],
  )
  const ys = linearScale([0, ...points.map(([, y]) => y)], [height - bottom, top])
  const lines = series.map(
    (each, index) =>
      html`<polyline
        class="line tone${index % 6}"
        points="${each.points.map(([x, y]) => `${fine(xs.at(x))},${fine(ys.at(y))}`).join(' ')}"
      />`,
  )
  return figure(options, [gridOf(xs, ys), lines], series.length > 1 ? legend(series) : undefined)
}

/** Values by kind: a row of dots for each, on a logarithmic ground. */
export function stripPlot(
  options: Pick<PlotOptions, 'title' | 'x'>,
  rows: readonly { readonly name: string; readonly values: readonly number[] }[],
): Html {
  const rowHeight = 20
  const nameWidth = 170
  const end = rows.length * rowHeight + top
  const xs = logarithmicScale(
    rows.flatMap(({ values }) => values),
    [nameWidth, width - right],
  )
  const grid = xs.ticks.map(
    ({ at, text }) =>
      html`<line class="grid" x1="${fine(at)}" x2="${fine(at)}" y1="${top}" y2="${end}" /><text
          class="middle"
          x="${fine(at)}"
          y="${end + 16}"
          >${text}</text
        >`,
  )
  const dots = rows.map(({ name, values }, row) => {
    const y = top + (row + 0.5) * rowHeight
    return html`<text x="0" y="${y + 4}">${name}</text>${values
        .filter(Number.isFinite)
        .map((value) => html`<circle class="dot" cx="${fine(xs.at(value))}" cy="${y}" r="3.5" />`)}`
  })
  return figure({ ...options, y: '' }, [grid, dots], undefined, end + bottom)
}

function gridOf(xs: Scale, ys: Scale): Html {
  return html`${ys.ticks.map(
    ({ at, text }) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${fine(at)}" y2="${fine(at)}" /><text
          class="end"
          x="${left - 6}"
          y="${fine(at + 4)}"
          >${text}</text
        >`,
  )}${xs.ticks.map(
    ({ at, text }) => html`<text class="middle" x="${fine(at)}" y="${height - bottom + 16}">${text}</text>`,
  )}`
}

function figure(
  { title, x, y }: PlotOptions,
  content: readonly (Html | readonly Html[])[],
  below?: Html,
  tall = height,
): Html {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${width} ${tall}" role="img" aria-label="${title}">
      ${content}
      <text class="middle" x="${(left + width) / 2}" y="${tall - 6}">${x}</text>
      <text class="middle" transform="translate(12 ${tall / 2}) rotate(-90)">${y}</text>
    </svg>
    ${below}
  </figure>`
}

function legend(series: readonly Series[]): Html {
  return html`<p class="legend">
    ${series.map(({ name }, index) => html`<span class="tone${index % 6}">${name}</span> `)}
  </p>`
}

function fine(value: number): string {
  return value.toFixed(1)
}
