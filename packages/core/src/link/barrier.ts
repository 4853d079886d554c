import { ignoreElements, map, merge, Observable, switchMap, take, tap } from 'rxjs'
import { v4 } from 'uuid'
import { linkMonitorOf } from './link-monitor.js'
import type { Link } from './link.js'

/**
 * Emits and completes when the broker has delivered all messages that it queued for this client before.
 *
 * A broker sends the messages of a client in the order in which it queued them [MQTT-4.6.0-6], so a message from the
 * client to itself arrives last. Its topic is below the client's response topic, where access control allows it to
 * subscribe and lets responders publish. Errors if the broker refuses.
 */
export function barrier$(link: Link): Observable<void> {
  return new Observable((subscriber) => {
    const topic = `${linkMonitorOf(link).responseTopic ?? 'response'}/barrier/${v4()}`
    return link
      .subscription$(topic)
      .pipe(
        switchMap(({ deliveries$ }) =>
          merge(
            deliveries$.pipe(
              tap(({ acknowledge }) => acknowledge()),
              map(() => undefined),
            ),
            link.publish$({ topic, payload: new Uint8Array(), qos: 1 }).pipe(ignoreElements()),
          ),
        ),
        take(1),
      )
      .subscribe(subscriber)
  })
}
