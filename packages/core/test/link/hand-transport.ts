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
  readonly connect?: (requested: Asked<TransportEvent>) => void
  readonly publish?: (requested: Published) => void
  readonly subscribe?: (requested: Subscribed) => void
  readonly unsubscribe?: (requested: Unsubscribed) => void
  readonly disconnect?: (requested: Asked<never>) => void
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
  const requesting = <T, A extends Asked<T>>(
    requested: (response: Subscriber<T>) => A,
    log: A[],
    reaction?: (requested: A) => void,
  ): Observable<T> =>
    new Observable((response) => {
      const one = requested(response)
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
    open: () => connections.filter(({ answer: response }) => !response.closed).length,
    connect$: (attempt) => {
      attempts.push(attempt)
      return requesting((response) => ({ answer: response }), connections, react.connect)
    },
    publish$: (message) =>
      requesting((response) => ({ answer: response, message }), published, react.publish),
    subscribe$: (requests, identifier) => {
      const filters = requests.map(({ filter }) => filter)
      return requesting(
        (response) => ({ answer: response, requests, filters, identifier }),
        subscribed,
        react.subscribe,
      )
    },
    unsubscribe$: (filters) =>
      requesting((response) => ({ answer: response, filters }), unsubscribed, react.unsubscribe),
    disconnect$: () =>
      requesting<never, Asked<never>>((response) => ({ answer: response }), farewells, react.disconnect),
  }
}

/** Answers, and is done. */
export function reply<T>({ answer: response }: Asked<T>, value: T): void {
  response.next(value)
  response.complete()
}

/** The error a transport gives, with a reason code where there is one. */
export function failure(code: ErrorCode, reasonCode?: number): AntiphonError {
  return new AntiphonError(code, `the ${code} of a test`, reasonCode === undefined ? {} : { reasonCode })
}
