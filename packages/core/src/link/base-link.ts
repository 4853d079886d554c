import { oncePer } from '../once-per.js'
import { deadlines, type Deadlines } from '../time/deadlines.js'
import type { QoS } from '../message.js'
import type { Incident, Link } from './link.js'
import type { OutgoingCounts, QueueBounds } from './outbox.js'

const UNBOUNDED: Required<QueueBounds> = { messages: Infinity, bytes: Infinity }

const NOTHING_OUTGOING: OutgoingCounts = { waiting: 0, waitingBytes: 0, inFlight: 0 }

/** The parts of a base link that only `linkOver` provides. */
export interface BaseLinkParts {
  /** The deadlines that need not keep a process alive. */
  readonly background: Deadlines
  /** The bounds of the outgoing queue. */
  readonly queueBounds: Required<QueueBounds>
  /** Emits an incident on the link's `incidents$`. */
  readonly report: (incident: Incident) => void
  /** Returns the counts of the outgoing queue. */
  readonly outgoing: () => OutgoingCounts
  /** Returns whether a message waits that is published now. The link calls the send hooks of messages that have waited. */
  readonly mustWait: ((qos: QoS) => boolean) | undefined
  /** How many response subscriptions requests may have. */
  readonly maxResponseSubscriptions: number
}

/**
 * What a link shares with all middleware around it; also the key of what exists once for all of them. A link that `linkOver`
 * has not made has no limits, and reports nothing.
 */
export class BaseLink implements BaseLinkParts {
  readonly deadlines: Deadlines
  readonly background: Deadlines
  readonly queueBounds: Required<QueueBounds>
  readonly report: (incident: Incident) => void
  readonly outgoing: () => OutgoingCounts
  readonly mustWait: ((qos: QoS) => boolean) | undefined
  readonly maxResponseSubscriptions: number

  constructor(shared: Deadlines, parts: Partial<BaseLinkParts> = {}) {
    this.deadlines = shared
    this.background = parts.background ?? shared
    this.queueBounds = parts.queueBounds ?? UNBOUNDED
    this.report = parts.report ?? (() => undefined)
    this.outgoing = parts.outgoing ?? (() => NOTHING_OUTGOING)
    this.mustWait = parts.mustWait
    this.maxResponseSubscriptions = parts.maxResponseSubscriptions ?? Infinity
  }
}

/** The property that refers to the base link. A middleware that spreads a link passes it on. */
const base: unique symbol = Symbol('antiphon.baseLink')

interface LinkWithBase extends Link {
  readonly [base]?: BaseLink
}

/** The base links of links that `linkOver` has not made. */
const foreignBaseOf: (link: Link) => BaseLink = oncePer((link) => new BaseLink(deadlines(link.scheduler)))

/** Returns what a link shares with all middleware around it. */
export function baseOf(link: LinkWithBase): BaseLink {
  return link[base] ?? foreignBaseOf(link)
}

/** Returns a link that shares `shared` with all middleware around it. */
export function withBase<L extends Link>(link: L, shared: BaseLink): L {
  return { ...link, [base]: shared }
}
