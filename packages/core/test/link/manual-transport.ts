import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError, type ErrorCode } from '../../src/errors.js'
import type { PublishAck } from '../../src/link/link.js'
import type { ResumedPublish, SubscribeRequest, Transport, TransportEvent } from '../../src/link/transport.js'
import type { OutgoingMessage } from '../../src/message.js'

/** A call of a transport method, with the subscriber of its result. */
export interface TransportCall<T> {
  readonly subscriber: Subscriber<T>
}

export interface PublishCall extends TransportCall<PublishAck | ResumedPublish> {
  readonly message: OutgoingMessage
}

export interface SubscribeCall extends TransportCall<readonly number[]> {
  readonly requests: readonly SubscribeRequest[]
  readonly filters: readonly string[]
  readonly identifier: number | undefined
}

export interface DisconnectCall extends TransportCall<never> {
  readonly keepsSession: boolean
}

export interface UnsubscribeCall extends TransportCall<readonly number[]> {
  readonly filters: readonly string[]
}

/** Called synchronously on each call, to simulate a transport that answers at once. */
export interface CallHandlers {
  readonly connect?: (call: TransportCall<TransportEvent>) => void
  readonly publish?: (call: PublishCall) => void
  readonly subscribe?: (call: SubscribeCall) => void
  readonly unsubscribe?: (call: UnsubscribeCall) => void
  readonly disconnect?: (call: DisconnectCall) => void
}

/** A transport without a broker: it records its calls, and the test emits their results. */
export interface ManualTransport extends Transport {
  readonly connections: TransportCall<TransportEvent>[]
  readonly attempts: number[]
  readonly published: PublishCall[]
  readonly subscribed: SubscribeCall[]
  readonly unsubscribed: UnsubscribeCall[]
  readonly disconnects: DisconnectCall[]
  /** The number of open or opening connections. */
  readonly openConnections: () => number
}

export function manualTransport(handlers: CallHandlers = {}): ManualTransport {
  const connections: TransportCall<TransportEvent>[] = []
  const attempts: number[] = []
  const published: PublishCall[] = []
  const subscribed: SubscribeCall[] = []
  const unsubscribed: UnsubscribeCall[] = []
  const disconnects: DisconnectCall[] = []
  const call$ = <T, A extends TransportCall<T>>(
    toCall: (subscriber: Subscriber<T>) => A,
    log: A[],
    handle?: (call: A) => void,
  ): Observable<T> =>
    new Observable((subscriber) => {
      const call = toCall(subscriber)
      log.push(call)
      handle?.(call)
    })

  return {
    connections,
    attempts,
    published,
    subscribed,
    unsubscribed,
    disconnects,
    openConnections: () => connections.filter(({ subscriber }) => !subscriber.closed).length,
    connect$: (attempt) => {
      attempts.push(attempt)
      return call$((subscriber) => ({ subscriber }), connections, handlers.connect)
    },
    publish$: (message) => call$((subscriber) => ({ subscriber, message }), published, handlers.publish),
    subscribe$: (requests, identifier) => {
      const filters = requests.map(({ filter }) => filter)
      return call$(
        (subscriber) => ({ subscriber, requests, filters, identifier }),
        subscribed,
        handlers.subscribe,
      )
    },
    unsubscribe$: (filters) =>
      call$((subscriber) => ({ subscriber, filters }), unsubscribed, handlers.unsubscribe),
    disconnect$: ({ keepSession: keepsSession = false } = {}) =>
      call$<never, DisconnectCall>(
        (subscriber) => ({ subscriber, keepsSession }),
        disconnects,
        handlers.disconnect,
      ),
  }
}

/** Emits a value and completes. */
export function completeWith<T>({ subscriber }: TransportCall<T>, value: T): void {
  subscriber.next(value)
  subscriber.complete()
}

/** Returns an error as a transport emits it, with an optional reason code. */
export function failure(
  code: ErrorCode,
  reasonCode?: number,
  phase?: 'before-network' | 'after-network',
): AntiphonError {
  return new AntiphonError(code, `the ${code} of a test`, {
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(phase === undefined ? {} : { phase }),
  })
}
