import { oncePer } from '../once-per.js'
import { deadlines, type Deadlines } from '../time/deadlines.js'
import type { Incident, Link } from './link.js'
import type { OutgoingCounts, QueueBounds } from './outbox.js'

const UNBOUNDED: Required<QueueBounds> = { messages: Infinity, bytes: Infinity }

const NOTHING_OUTGOING: OutgoingCounts = { waiting: 0, waitingBytes: 0, inFlight: 0 }

/** What a link shares with all middleware around it; also the key of what exists once for all of them. */
export class BaseLink {
  readonly deadlines: Deadlines
  /** The bounds of the outgoing queue; no bounds if `linkOver` has not made the link. */
  readonly queueBounds: Required<QueueBounds>
  /** Emits an incident on the link's `incidents$`; without effect if `linkOver` has not made the link. */
  readonly report: (incident: Incident) => void
  /** Returns the counts of the outgoing queue; zero if `linkOver` has not made the link. */
  readonly outgoing: () => OutgoingCounts

  constructor(
    shared: Deadlines,
    queueBounds: Required<QueueBounds> = UNBOUNDED,
    report: (incident: Incident) => void = () => undefined,
    outgoing: () => OutgoingCounts = () => NOTHING_OUTGOING,
  ) {
    this.deadlines = shared
    this.queueBounds = queueBounds
    this.report = report
    this.outgoing = outgoing
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
