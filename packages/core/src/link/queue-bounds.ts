import type { Link } from './link.js'

/** The limits of the outgoing queue, used while offline or while the broker's Receive Maximum is reached. */
export interface QueueBounds {
  /** The most messages. @defaultValue 100 000 */
  readonly messages?: number
  /** The most payload bytes. @defaultValue 64 MiB */
  readonly bytes?: number
}

const UNBOUNDED: Required<QueueBounds> = { messages: Infinity, bytes: Infinity }

const boundsByLink = new WeakMap<Link, Required<QueueBounds>>()

/** Returns the bounds of a link's outgoing queue; no bounds if the link is not from `linkOver`. */
export function queueBoundsOf(link: Link): Required<QueueBounds> {
  return boundsByLink.get(link) ?? UNBOUNDED
}

/** Sets the bounds that `queueBoundsOf` returns. Returns the link. */
export function withQueueBounds(link: Link, bounds: Required<QueueBounds>): Link {
  boundsByLink.set(link, bounds)
  return link
}
