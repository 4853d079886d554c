import { deadlines, type Deadlines } from '../time/deadlines.js'
import type { Link } from './link.js'

const deadlinesByLink = new WeakMap<Link, Deadlines>()

/** Returns the deadlines of a link, which its requesters, responders and middleware share. */
export function deadlinesOf(link: Link): Deadlines {
  return deadlinesByLink.get(link) ?? shareDeadlines(link, deadlines(link.scheduler))
}

/** Makes a link use existing deadlines, such as those of the link that it wraps. */
export function shareDeadlines(link: Link, shared: Deadlines): Deadlines {
  deadlinesByLink.set(link, shared)
  return shared
}
