import type { Link } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { map } from 'rxjs'
import { toPlain, toWire, toWireFilter } from './method-topic.js'

/**
 * A link as the contract of methods sees it: topics without `$az/iot`, and properties and statuses beside the payload,
 * which travel in the topic's last level.
 */
export function methodLink(link: Link): Link {
  const inTree: Link = {
    ...link,
    // Whoever asks whether a status can travel is told that it can.
    state$: link.state$.pipe(
      map((state) =>
        state.status === 'online' ? { ...state, grant: { ...state.grant, protocolVersion: 5 } } : state,
      ),
    ),
    subscription$: (filter, options) => link.subscription$(toWireFilter(filter), options),
  }
  const translated = linkMiddleware({
    publish$: (message, next) => next(toWire(message)),
    deliveries$: (deliveries$) =>
      deliveries$.pipe(map((delivery) => ({ ...delivery, message: toPlain(delivery.message) }))),
  })
  return translated(inTree)
}
