import type { LinkState } from '@antiphon/core'
import type { Exchange, Outcome } from './exchange.js'
import type { LinkStage } from './link-stage.js'
import { duration, outcomeTitles, statusTitles } from './words.js'

/** What there is to draw, at which moment and how wide. */
export interface Scene {
  readonly exchanges: readonly Exchange[]
  readonly stages: readonly LinkStage[]
  readonly now: number
  /** Pixels. */
  readonly width: number
}

/** A stretch of time on the drawing. */
interface Stretch {
  readonly x: number
  readonly width: number
}

/** A stage of the link. */
export interface Band extends Stretch {
  readonly status: LinkState['status']
  /** Where there is room for it. */
  readonly label: string
}

/** An exchange, from the question to its end. */
export interface Bar extends Stretch {
  readonly y: number
  readonly outcome: Outcome
  readonly label: string
  /** Which of its ends the label keeps to. */
  readonly anchor: 'start' | 'end'
}

/** The drawing, in pixels. */
export interface Timeline {
  readonly ticks: readonly { readonly x: number; readonly label: string }[]
  readonly bands: readonly Band[]
  readonly bars: readonly Bar[]
}

/** Milliseconds that the drawing shows, and between its ticks. */
const span = 30_000
const tick = 5_000

/** Lanes, and where they are. */
export const lanes = 5
export const laneHeight = 38
export const bandHeight = 22
export const axisHeight = 20
const shortest = 10
const letterWidth = 6.6

/** Lays out the last half minute; the right edge is now. */
export function timelineOf({ exchanges, stages, now, width }: Scene): Timeline {
  const x = (at: number): number => width - (Math.min(span, Math.max(0, now - at)) / span) * width
  const from = now - span
  const stretch = (start: number, end: number, least: number): Stretch => {
    const length = Math.max(least, x(end) - x(start))
    return { x: Math.min(x(start), width - length), width: length }
  }
  return {
    ticks: Array.from({ length: span / tick }, (_, at) => ({
      x: x(now - at * tick),
      label: at === 0 ? 'now' : `−${(at * tick) / 1_000} s`,
    })),
    bands: spells(stages).flatMap(({ status, from: start }, at, all) => {
      const end = all[at + 1]?.from ?? now
      if (end < from) return []
      const place = stretch(start, end, 2)
      const label = statusTitles[status]
      return [{ ...place, status, label: place.width > (label.length + 2) * letterWidth ? label : '' }]
    }),
    bars: exchanges
      .slice(0, lanes)
      .filter(({ to = now }) => to >= from)
      .map(({ key, car, from: start, to = now, outcome }) => {
        const place = stretch(start, to, shortest)
        return {
          ...place,
          y: bandHeight + (key % lanes) * laneHeight,
          outcome,
          label: `${car}, ${outcomeTitles[outcome].toLowerCase()}, ${duration(to - start)}`,
          anchor: place.x < width / 2 ? 'start' : 'end',
        }
      }),
  }
}

/** A time of one status. */
interface Spell {
  readonly status: LinkState['status']
  readonly from: number
}

/** What was the same throughout, as one: attempts to come back are part of being offline. */
function spells(stages: readonly LinkStage[]): readonly Spell[] {
  const told = stages.map(({ state, from }): Spell => {
    const isComingBack = state.status === 'connecting' && state.attempt > 1
    return { status: isComingBack ? 'offline' : state.status, from }
  })
  return told.filter(({ status }, at) => status !== told[at - 1]?.status)
}
