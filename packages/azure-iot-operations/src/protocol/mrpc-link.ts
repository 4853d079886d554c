import { stamped, type Link } from '@antiphon/core'
import { map, take, type Observable } from 'rxjs'
import { filter } from 'rxjs'

const links = new WeakMap<Link, Link>()

/** Returns a link that adds `__ts`, `__protVer` and `__srcId` to requests and responses. It exists once for each link. */
export function mrpcLink(link: Link): Link {
  const existing = links.get(link)
  if (existing !== undefined) return existing
  const created = stamped()(link)
  links.set(link, created)
  return created
}

/** Emits the client identifier of a link when it is connected, then completes; opens the link. */
export function clientId$({ state$ }: Link): Observable<string> {
  return state$.pipe(
    filter((state) => state.status === 'online'),
    map(({ info }) => info.clientId),
    take(1),
  )
}
