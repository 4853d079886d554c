import type { Link } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { map } from 'rxjs'
import { toPlain, toWire, toWireFilter } from './method-topic.js'

/**
 * Wraps a link for `methodEndpoint`: removes `$az/iot` from topics, and maps the properties and status in the last topic
 * level to user properties.
 */
export function methodLink(link: Link): Link {
  const prefixed: Link = {
    ...link,
    // Reports MQTT 5, so that core sends and reads a status. `toWire` moves it into the topic.
    state$: link.state$.pipe(
      map((state) =>
        state.status === 'online' ? { ...state, info: { ...state.info, protocolVersion: 5 } } : state,
      ),
    ),
    subscription$: (filter, options) => link.subscription$(toWireFilter(filter), options),
  }
  const translated = linkMiddleware({
    publish$: (message, next) => next(toWire(message)),
    deliveries$: (deliveries$) =>
      deliveries$.pipe(map((delivery) => ({ ...delivery, message: toPlain(delivery.message) }))),
  })
  return translated(prefixed)
}
