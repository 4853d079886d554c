import { oncePer } from '../once-per.js'
import { deadlines, type Deadlines } from '../time/deadlines.js'
import type { Link } from './link.js'

/** The property under which a link has its deadlines. A middleware that spreads the link passes it on. */
const ownDeadlines: unique symbol = Symbol('deadlines')

interface LinkWithDeadlines extends Link {
  readonly [ownDeadlines]?: Deadlines
}

/** The deadlines of links that `linkOver` has not made. */
const deadlinesByLink: (link: Link) => Deadlines = oncePer((link) => deadlines(link.scheduler))

/** Returns the deadlines of a link, which its transport, requesters, responders and middleware share. */
export function deadlinesOf(link: LinkWithDeadlines): Deadlines {
  return link[ownDeadlines] ?? deadlinesByLink(link)
}

/** Returns a link with existing deadlines, such as those of the link that it wraps. */
export function withDeadlines<L extends Link>(link: L, shared: Deadlines): L {
  return { ...link, [ownDeadlines]: shared }
}
