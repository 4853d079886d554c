import type { Deadlines } from '../time/deadlines.js'
import { baseOf } from './base-link.js'
import type { Link } from './link.js'

/** Returns the deadlines of a link, which its queue, requesters, responders and middleware share. */
export function deadlinesOf(link: Link): Deadlines {
  return baseOf(link).deadlines
}
