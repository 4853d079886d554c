import type { Link, Message, PublishAck } from '@antiphon/core'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { catchError, delay, EMPTY, mergeMap, of, type Observable } from 'rxjs'

/** A device to test: answers what it is asked on `ask`, after 2 ms. */
export function thermostat(link: Link): Observable<PublishAck> {
  return link.messages$('ask').pipe(
    delay(2, link.scheduler),
    mergeMap((question) => answer(link, question)),
  )
}

function answer(link: Link, { payload, responseTopic, correlationData }: Message): Observable<PublishAck> {
  if (responseTopic === undefined) return EMPTY
  return of(fromUtf8(payload) === 'warm?' ? '21.5' : 'what?').pipe(
    mergeMap((text) =>
      link.publish$({
        topic: responseTopic,
        payload: toUtf8(text),
        ...(correlationData === undefined ? {} : { correlationData }),
      }),
    ),
    catchError(() => EMPTY),
  )
}
