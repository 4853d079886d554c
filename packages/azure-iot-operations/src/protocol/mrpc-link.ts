import { stamped, type Link, type LinkState } from '@antiphon/core'
import { map } from 'rxjs'

const links = new WeakMap<Link, Link>()

/**
 * Returns a link that adds `__ts`, `__protVer` and `__srcId` to requests and responses. It exists once for each link.
 *
 * It shows core no Maximum Packet Size, so that a message that exceeds it fails and is not split into chunks, which the
 * protocol does not have.
 */
export function mrpcLink(link: Link): Link {
  const existing = links.get(link)
  if (existing !== undefined) return existing
  const { state$, ...others } = stamped()(link)
  const created: Link = { ...others, state$: state$.pipe(map(withoutLimit)) }
  links.set(link, created)
  return created
}

function withoutLimit(state: LinkState): LinkState {
  return state.status === 'online'
    ? { ...state, info: { ...state.info, maximumPacketSize: Infinity } }
    : state
}
