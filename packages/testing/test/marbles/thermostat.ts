import type { Link, Message, PublishAck } from '@antiphon/core'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { catchError, delay, EMPTY, mergeMap, of, type Observable } from 'rxjs'

/** A device to test: responds to requests on `get` after 2 ms. */
export function thermostat(link: Link): Observable<PublishAck> {
  return link.messages$('get').pipe(
    delay(2, link.scheduler),
    mergeMap((request) => response(link, request)),
  )
}

function response(link: Link, { payload, responseTopic, correlationData }: Message): Observable<PublishAck> {
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
