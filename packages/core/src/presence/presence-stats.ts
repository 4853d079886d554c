import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import { oncePer } from '../once-per.js'

/** The counts of the announcements that a link has received. */
export interface PresenceStats {
  /** Announcements that are not valid, are too large, or are not on the topic of their client id. */
  readonly malformed: number
  /** Announcements of further members beyond `maximumMembers`. */
  readonly excess: number
}

/** Returns the mutable counts of a link, which it shares with all middleware around it. */
export function mutablePresenceStats(link: Link): { malformed: number; excess: number } {
  return statsOfBase(baseOf(link))
}

const statsOfBase: (base: BaseLink) => { malformed: number; excess: number } = oncePer(() => ({
  malformed: 0,
  excess: 0,
}))

/** Returns the counts of the announcements that `members$` has ignored on this link so far. */
export function presenceStats(link: Link): PresenceStats {
  return { ...mutablePresenceStats(link) }
}
