import {
  AntiphonError,
  exchange$,
  requests$,
  serve,
  unmatchedResponses$,
  type EndpointTypes,
  type Link,
  type Message,
  type OutgoingMessage,
} from '@antiphon/core'
import { isMatch } from '@antiphon/core/topic'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import { virtualTime } from '@antiphon/testing/internal'
import type { Observable } from 'rxjs'
import type { Convention } from './convention.js'

/** The time after which a request fails, in virtual milliseconds. */
export const TIMEOUT = 1_000

/** What a request of ours has emitted so far. */
export interface Outcome {
  readonly values: readonly unknown[]
  readonly ending: () => 'complete' | AntiphonError | undefined
}

/** A virtual broker with one client of ours and plain peers. */
export interface ConventionWorld {
  readonly broker: VirtualBroker
  readonly link: Link
  /** What the client has published, without its control messages. */
  readonly sent: readonly OutgoingMessage[]
  /** The responses that belonged to no request. */
  readonly unmatched: readonly Message[]
  readonly advance: (milliseconds: number) => void
  /** Sends the request of the example. */
  readonly request: () => Outcome
  /** Serves the endpoint. */
  readonly serve: (handler: () => Observable<unknown>) => void
  /** Publishes what a peer sends. */
  readonly publish: (message: OutgoingMessage) => void
}

/** The name of our client. */
const CLIENT = 'antiphon'

/** Returns a world in which our client is connected. */
export function conventionWorld<T extends EndpointTypes>(
  { endpoint, example, exchangeOptions, requestsOptions }: Convention<T>,
  protocolVersion: 4 | 5,
): ConventionWorld {
  const { scheduler, runTo } = virtualTime()
  const broker = virtualBroker({ scheduler })
  const link = broker.link({ clientId: CLIENT, protocolVersion })
  const sent: OutgoingMessage[] = []
  const unmatched: Message[] = []
  broker.published$.subscribe(({ clientId, message }) => {
    if (clientId === CLIENT) sent.push(message)
  })
  unmatchedResponses$(link).subscribe(({ message }) => unmatched.push(message))
  const advance = (milliseconds: number): void => runTo(scheduler.now() + milliseconds)
  link.state$.subscribe()
  advance(20)
  return {
    broker,
    link,
    sent,
    unmatched,
    advance,
    request: () =>
      recordOutcome(exchange$(link, endpoint, example.request, { timeout: TIMEOUT, ...exchangeOptions })),
    serve: (handler) => {
      requests$(link, endpoint, requestsOptions)
        .pipe(serve<EndpointTypes>(() => handler()) as never)
        .subscribe()
      advance(20)
    },
    publish: (message) => void broker.publish({ qos: 1, ...message }),
  }
}

/** Returns a published message as a subscriber receives it. */
export function asReceived(message: OutgoingMessage): Message {
  return { qos: 1, retain: false, dup: false, ...message }
}

/** Returns the messages that match a filter. */
export function matching(messages: readonly OutgoingMessage[], filter: string): readonly OutgoingMessage[] {
  return messages.filter(({ topic }) => isMatch(filter, topic))
}

function recordOutcome(stream$: Observable<unknown>): Outcome {
  const values: unknown[] = []
  let ending: 'complete' | AntiphonError | undefined
  stream$.subscribe({
    next: (value) => values.push(value),
    error: (error: unknown) => (ending = AntiphonError.from(error)),
    complete: () => (ending = 'complete'),
  })
  return { values, ending: () => ending }
}
