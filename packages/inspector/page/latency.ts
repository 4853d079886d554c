import { h, type ComponentChild } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { EndpointSeries } from '../src/model/endpoint-series.js'
import { formatDuration } from './format.js'

/** The properties of the view. */
export interface LatencyProps {
  readonly series: readonly EndpointSeries[]
  readonly revision: number
}

/** Shows the durations and rates of each endpoint over the latest two minutes. */
export function Latency({ series, revision }: LatencyProps): ComponentChild {
  const shown = series.slice(0, 12)
  return h(
    'section',
    { class: 'detail scroll', 'aria-label': 'Latency', tabIndex: 0 },
    h(
      'table',
      null,
      h('caption', { class: 'muted' }, 'Settled exchanges; percentiles of the latest two minutes'),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ['Endpoint', 'Exchanges', 'Not responded', 'p50', 'p90', 'p99'].map((name) =>
            h('th', { scope: 'col', key: name }, name),
          ),
        ),
      ),
      h(
        'tbody',
        null,
        series.slice(0, 50).map((each) =>
          h(
            'tr',
            { key: each.name },
            h('th', { scope: 'row' }, each.name),
            h('td', null, each.count),
            h('td', { class: each.errors > 0 ? 'bad' : 'muted' }, each.errors),
            [0.5, 0.9, 0.99].map((share) => h('td', { key: share }, formatDuration(each.percentile(share)))),
          ),
        ),
      ),
    ),
    shown.map((each) => h(Chart, { key: each.name, series: each, revision })),
  )
}

function Chart({
  series,
  revision,
}: {
  readonly series: EndpointSeries
  readonly revision: number
}): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, series)
  }, [revision])
  const label = `${series.name}: p50 (line) and p99 (dashed) of durations, and exchanges per second (bars)`
  return h(
    'figure',
    { style: { margin: '12px 0' } },
    h('figcaption', null, label),
    h('canvas', { ref: canvas, role: 'img', 'aria-label': label }),
  )
}

function draw(canvas: HTMLCanvasElement, series: EndpointSeries): void {
  const { width, height } = canvas.getBoundingClientRect()
  const context = canvas.getContext('2d')
  if (context === null || width === 0) return
  const scale = devicePixelRatio
  canvas.width = width * scale
  canvas.height = height * scale
  context.scale(scale, scale)
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name)
  const points = series.points()
  const last = points.at(-1)?.second ?? 0
  const maxCount = Math.max(1, ...points.map(({ count }) => count))
  const lines = [0.5, 0.99].map((share) => points.map(({ durations }) => durations.percentile(share)))
  const maxDuration = Math.max(1, ...lines.flat())
  const xOf = (second: number): number => width - 8 - ((last - second) * (width - 70)) / 119
  context.fillStyle = colour('--line')
  for (const { second, count } of points) {
    const bar = (count / maxCount) * (height - 30)
    context.fillRect(xOf(second) - 2, height - 8 - bar, 4, bar)
  }
  lines.forEach((line, index) => {
    context.strokeStyle = colour(index === 0 ? '--accent' : '--bad')
    context.setLineDash(index === 0 ? [] : [4, 3])
    context.lineWidth = 1.5
    context.beginPath()
    points.forEach(({ second }, at) => {
      const y = height - 8 - ((line[at] ?? 0) / maxDuration) * (height - 30)
      if (at === 0) context.moveTo(xOf(second), y)
      else context.lineTo(xOf(second), y)
      // A second without neighbours has no line.
      context.fillStyle = context.strokeStyle
      context.fillRect(xOf(second) - 2, y - 2, 4, 4)
    })
    context.stroke()
  })
  context.fillStyle = colour('--text')
  context.font = '11px system-ui'
  context.fillText(formatDuration(maxDuration), 4, 22)
  context.fillText(`${maxCount}/s`, 4, 38)
}
