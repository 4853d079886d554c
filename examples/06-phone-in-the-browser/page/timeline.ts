import type { LinkState } from '@antiphon/core'
import type { Exchange, Outcome } from './exchange.js'
import type { LinkStage } from './link-stage.js'
import { duration, outcomeTitles, statusTitles } from './labels.js'

/** What is drawn, at which time and how wide. */
export interface Scene {
  readonly exchanges: readonly Exchange[]
  readonly stages: readonly LinkStage[]
  readonly now: number
  /** Pixels. */
  readonly width: number
}

/** A time span in the drawing. */
interface Span {
  readonly x: number
  readonly width: number
}

/** A stage of the link. */
export interface Band extends Span {
  readonly status: LinkState['status']
  /** Empty if there is no room for it. */
  readonly label: string
}

/** An exchange, from its request to its end. */
export interface Bar extends Span {
  readonly y: number
  readonly outcome: Outcome
  readonly label: string
  /** The end of the bar at which the label is aligned. */
  readonly anchor: 'start' | 'end'
}

/** The drawing, in pixels. */
export interface Timeline {
  readonly ticks: readonly { readonly x: number; readonly label: string }[]
  readonly bands: readonly Band[]
  readonly bars: readonly Bar[]
}

/** Milliseconds that the drawing shows, and milliseconds between its ticks. */
const span = 30_000
const tick = 5_000

/** Lanes of exchanges, and sizes in pixels. */
export const lanes = 5
export const laneHeight = 38
export const bandHeight = 22
export const axisHeight = 20
const minBarWidth = 10
const characterWidth = 6.6

/** Lays out the last 30 seconds; the right edge is now. */
export function timelineOf({ exchanges, stages, now, width }: Scene): Timeline {
  const x = (at: number): number => width - (Math.min(span, Math.max(0, now - at)) / span) * width
  const from = now - span
  const toSpan = (start: number, end: number, minWidth: number): Span => {
    const length = Math.max(minWidth, x(end) - x(start))
    return { x: Math.min(x(start), width - length), width: length }
  }
  return {
    ticks: Array.from({ length: span / tick }, (_, index) => ({
      x: x(now - index * tick),
      label: index === 0 ? 'now' : `−${(index * tick) / 1_000} s`,
    })),
    bands: statusSpans(stages).flatMap(({ status, from: start }, index, all) => {
      const end = all[index + 1]?.from ?? now
      if (end < from) return []
      const spanInPixels = toSpan(start, end, 2)
      const label = statusTitles[status]
      return [
        {
          ...spanInPixels,
          status,
          label: spanInPixels.width > (label.length + 2) * characterWidth ? label : '',
        },
      ]
    }),
    bars: exchanges
      .slice(0, lanes)
      .filter(({ to = now }) => to >= from)
      .map(({ key, car, from: start, to = now, outcome }) => {
        const spanInPixels = toSpan(start, to, minBarWidth)
        return {
          ...spanInPixels,
          y: bandHeight + (key % lanes) * laneHeight,
          outcome,
          label: `${car}, ${outcomeTitles[outcome].toLowerCase()}, ${duration(to - start)}`,
          anchor: spanInPixels.x < width / 2 ? 'start' : 'end',
        }
      }),
  }
}

/** A status of the link and the time at which it began. */
interface StatusSpan {
  readonly status: LinkState['status']
  readonly from: number
}

/** Joins equal states. Attempts to reconnect count as offline. */
function statusSpans(stages: readonly LinkStage[]): readonly StatusSpan[] {
  const spans = stages.map(({ state, from }): StatusSpan => {
    const isReconnecting = state.status === 'connecting' && state.attempt > 1
    return { status: isReconnecting ? 'offline' : state.status, from }
  })
  return spans.filter(({ status }, index) => status !== spans[index - 1]?.status)
}
