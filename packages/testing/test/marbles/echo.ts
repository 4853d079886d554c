import { endpoint, text, type Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { delay, filter, mergeMap, of, repeat } from 'rxjs'
import type { MessageParts } from '../../src/index.js'

/** The endpoint that the marble tests of requester and responder use. */
export const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Requests as a client sends them, each with correlation data of its own. */
export const firstRequest: MessageParts = {
  topic: 'echo',
  payload: 'x',
  responseTopic: 'me',
  correlationData: '1',
}
export const secondRequest: MessageParts = { ...firstRequest, correlationData: '2' }
export const thirdRequest: MessageParts = { ...firstRequest, correlationData: '3' }

/** Cancels the first request, at a responder with the control topic `control`. */
export const cancel: MessageParts = {
  ...firstRequest,
  topic: 'control',
  payload: '',
  userProperties: [
    ['__ctl', 'cancel'],
    ['__stat', '499'],
  ],
}

/** The user properties of a response that reports this status. */
export const withStatus = (status: number, message: string): NonNullable<MessageParts['userProperties']> => [
  ['__stat', `${status}`],
  ['__stMsg', message],
]

/** Responds to requests on `echo` with their own payload, after as many milliseconds as `wait` returns, `times` times. */
export function respond(link: Link, wait: (text: string) => number, times = 1): void {
  link
    .messages$('echo')
    .pipe(
      filter(({ payload }) => payload.length > 0),
      mergeMap((request) =>
        of(request).pipe(
          delay(wait(new TextDecoder().decode(request.payload)), link.scheduler),
          mergeMap(({ responseTopic = '', correlationData = toUtf8(''), payload }) =>
            link.publish$({ topic: responseTopic, correlationData, payload }).pipe(repeat(times)),
          ),
        ),
      ),
    )
    .subscribe()
}
