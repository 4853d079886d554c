import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError, type ErrorCode } from '../../src/errors.js'
import type { PublishAck } from '../../src/link/link.js'
import type { SubscribeRequest, Transport, TransportEvent } from '../../src/link/transport.js'
import type { OutgoingMessage } from '../../src/message.js'

/** One thing the transport was asked to do, and the one who waits for the answer. */
export interface TransportCall<T> {
  readonly subscriber: Subscriber<T>
}

export interface PublishCall extends TransportCall<PublishAck> {
  readonly message: OutgoingMessage
}

export interface SubscribeCall extends TransportCall<readonly number[]> {
  readonly requests: readonly SubscribeRequest[]
  readonly filters: readonly string[]
  readonly identifier: number | undefined
}

export interface UnsubscribeCall extends TransportCall<readonly number[]> {
  readonly filters: readonly string[]
}

/** What is done within the call, for transports that answer at once. */
export interface Reactions {
  readonly connect?: (requested: TransportCall<TransportEvent>) => void
  readonly publish?: (requested: PublishCall) => void
  readonly subscribe?: (requested: SubscribeCall) => void
  readonly unsubscribe?: (requested: UnsubscribeCall) => void
  readonly disconnect?: (requested: TransportCall<never>) => void
}

/** A transport that speaks to nobody: it writes down what it is asked, and the test gives the answers. */
export interface ManualTransport extends Transport {
  readonly connections: TransportCall<TransportEvent>[]
  readonly attempts: number[]
  readonly published: PublishCall[]
  readonly subscribed: SubscribeCall[]
  readonly unsubscribed: UnsubscribeCall[]
  readonly disconnects: TransportCall<never>[]
  /** How many connections are open or opening. */
  readonly openConnections: () => number
}

export function manualTransport(react: Reactions = {}): ManualTransport {
  const connections: TransportCall<TransportEvent>[] = []
  const attempts: number[] = []
  const published: PublishCall[] = []
  const subscribed: SubscribeCall[] = []
  const unsubscribed: UnsubscribeCall[] = []
  const farewells: TransportCall<never>[] = []
  const call$ = <T, A extends TransportCall<T>>(
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
    disconnects: farewells,
    openConnections: () => connections.filter(({ subscriber: response }) => !response.closed).length,
    connect$: (attempt) => {
      attempts.push(attempt)
      return call$((response) => ({ subscriber: response }), connections, react.connect)
    },
    publish$: (message) => call$((response) => ({ subscriber: response, message }), published, react.publish),
    subscribe$: (requests, identifier) => {
      const filters = requests.map(({ filter }) => filter)
      return call$(
        (response) => ({ subscriber: response, requests, filters, identifier }),
        subscribed,
        react.subscribe,
      )
    },
    unsubscribe$: (filters) =>
      call$((response) => ({ subscriber: response, filters }), unsubscribed, react.unsubscribe),
    disconnect$: () =>
      call$<never, TransportCall<never>>(
        (response) => ({ subscriber: response }),
        farewells,
        react.disconnect,
      ),
  }
}

/** Answers, and is done. */
export function respond<T>({ subscriber: response }: TransportCall<T>, value: T): void {
  response.next(value)
  response.complete()
}

/** The error a transport gives, with a reason code where there is one. */
export function failure(code: ErrorCode, reasonCode?: number): AntiphonError {
  return new AntiphonError(code, `the ${code} of a test`, reasonCode === undefined ? {} : { reasonCode })
}
