import type { Link } from '../link/link.js'
import type { EventHub, EventObserver } from './event-hub.js'
import { observationsOf } from './observations.js'
import { RequesterEvents } from './requester-events.js'
import { ResponderEvents } from './responder-events.js'

/** Passes the events of all exchanges of a link to an observer, until the returned function is called. */
export function observeExchanges(link: Link, observer: EventObserver): () => void {
  const { events } = observationsOf(link)
  setObservers(events, [...events.observers, observer])
  return () =>
    setObservers(
      events,
      events.observers.filter((other) => other !== observer),
    )
}

function setObservers(events: EventHub, observers: readonly EventObserver[]): void {
  const isObserved = observers.length > 0
  events.observers = observers
  events.requester = isObserved ? new RequesterEvents(observers) : undefined
  events.responder = isObserved ? new ResponderEvents(observers) : undefined
}
