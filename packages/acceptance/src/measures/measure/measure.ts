import type { Link } from '@antiphon/core'
import type { ConnectOptions } from '@antiphon/mqtt'

/** Something that the guide promises, measured on one broker. */
export interface Measure {
  readonly name: string
  readonly design: Design
  /** The value that the measure must reach. */
  readonly target: string
  /** Whether it needs shared subscriptions. */
  readonly needsGroups: boolean
  /** Whether the result is a time, which a busy machine may change; the smoke part records it without failing. */
  readonly isTimed?: boolean
  /** Whether it takes minutes on a broker that delays small packets; it then runs beside the next broker's measures. */
  readonly isLong?: boolean
  /** Whether the smoke part leaves it out, because it takes seconds however few the requests are. */
  readonly isLeftOutOfSmoke?: boolean
  readonly run: (context: MeasureContext) => Promise<MeasureResult>
}

/** The designs that the measures show. */
export const designs = ['Acknowledgement', 'Groups', 'Sticky groups', 'Stopping'] as const
export type Design = (typeof designs)[number]

/** The inputs of a measure. */
export interface MeasureContext {
  /** Connects a link, which is closed after the measure. */
  readonly connect: (clientId: string, options?: ConnectOptions) => Link
  /** The URL of the broker, for processes of their own. */
  readonly url: string
  /** The number of items of a stream. */
  readonly items: number
  /** The number of requests. */
  readonly requests: number
}

/** The result of a measure, as plain JSON. */
export interface MeasureResult {
  readonly value: string
  readonly isMet: boolean
  /** Further figures. */
  readonly detail?: string
}

/** Returns the result of a count that must be complete. */
export function counted(count: number, total: number, detail?: string): MeasureResult {
  return {
    value: `${count.toLocaleString('en')} of ${total.toLocaleString('en')}`,
    isMet: count === total,
    ...(detail !== undefined && { detail }),
  }
}
