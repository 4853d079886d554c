import { stamped, type Link } from '@antiphon/core'

const links = new WeakMap<Link, Link>()

/** Returns a link that adds `__ts`, `__protVer` and `__srcId` to requests and responses. It exists once for each link. */
export function mrpcLink(link: Link): Link {
  const existing = links.get(link)
  if (existing !== undefined) return existing
  const created = stamped()(link)
  links.set(link, created)
  return created
}
