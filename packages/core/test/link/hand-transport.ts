import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError, type ErrorCode } from '../../src/errors.js'
import type { PublishAck } from '../../src/link/link.js'
import type { SubscribeRequest, Transport, TransportEvent } from '../../src/link/transport.js'
import type { OutgoingMessage } from '../../src/message.js'

/** One thing the transport was asked to do, and the one who waits for the answer. */
export interface Asked<T> {
  readonly answer: Subscriber<T>
}

export interface Published extends Asked<PublishAck> {
  readonly message: OutgoingMessage
}

export interface Subscribed extends Asked<readonly number[]> {
  readonly requests: readonly SubscribeRequest[]
  readonly filters: readonly string[]
  readonly identifier: number | undefined
}

export interface Unsubscribed extends Asked<readonly number[]> {
  readonly filters: readonly string[]
}

/** What is done within the call, for transports that answer at once. */
export interface Reactions {
  readonly connect?: (asked: Asked<TransportEvent>) => void
  readonly publish?: (asked: Published) => void
  readonly subscribe?: (asked: Subscribed) => void
  readonly unsubscribe?: (asked: Unsubscribed) => void
  readonly disconnect?: (asked: Asked<never>) => void
}

/** A transport that speaks to nobody: it writes down what it is asked, and the test gives the answers. */
export interface HandTransport extends Transport {
  readonly connections: Asked<TransportEvent>[]
  readonly attempts: number[]
  readonly published: Published[]
  readonly subscribed: Subscribed[]
  readonly unsubscribed: Unsubscribed[]
  readonly farewells: Asked<never>[]
  /** How many connections are open or opening. */
  readonly open: () => number
}

export function handTransport(react: Reactions = {}): HandTransport {
  const connections: Asked<TransportEvent>[] = []
  const attempts: number[] = []
  const published: Published[] = []
  const subscribed: Subscribed[] = []
  const unsubscribed: Unsubscribed[] = []
  const farewells: Asked<never>[] = []
  const asking = <T, A extends Asked<T>>(
    asked: (answer: Subscriber<T>) => A,
    log: A[],
    reaction?: (asked: A) => void,
  ): Observable<T> =>
    new Observable((answer) => {
      const one = asked(answer)
      log.push(one)
      reaction?.(one)
    })

  return {
    connections,
    attempts,
    published,
    subscribed,
    unsubscribed,
    farewells,
    open: () => connections.filter(({ answer }) => !answer.closed).length,
    connect$: (attempt) => {
      attempts.push(attempt)
      return asking((answer) => ({ answer }), connections, react.connect)
    },
    publish$: (message) => asking((answer) => ({ answer, message }), published, react.publish),
    subscribe$: (requests, identifier) => {
      const filters = requests.map(({ filter }) => filter)
      return asking((answer) => ({ answer, requests, filters, identifier }), subscribed, react.subscribe)
    },
    unsubscribe$: (filters) => asking((answer) => ({ answer, filters }), unsubscribed, react.unsubscribe),
    disconnect$: () => asking<never, Asked<never>>((answer) => ({ answer }), farewells, react.disconnect),
  }
}

/** Answers, and is done. */
export function reply<T>({ answer }: Asked<T>, value: T): void {
  answer.next(value)
  answer.complete()
}

/** The error a transport gives, with a reason code where there is one. */
export function failure(code: ErrorCode, reasonCode?: number): AntiphonError {
  return new AntiphonError(code, `the ${code} of a test`, reasonCode === undefined ? {} : { reasonCode })
}
