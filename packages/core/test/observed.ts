import { AntiphonError, userProperty, type OutgoingMessage } from '@antiphon/core'
import type { Observable } from 'rxjs'
import type { World } from './world.js'

/** The events of a stream with their times in milliseconds. */
export interface Observed<T> {
  readonly values: readonly T[]
  readonly at: readonly number[]
  /** Returns how the stream ended; `undefined` if it has not. */
  readonly ending: () => 'complete' | AntiphonError | undefined
  /** Returns when the stream ended. */
  readonly endedAt: () => number | undefined
  readonly unsubscribe: () => void
}

/** Subscribes to a stream and records its events. */
export function observe<T>({ scheduler }: Pick<World, 'scheduler'>, stream$: Observable<T>): Observed<T> {
  const values: T[] = []
  const at: number[] = []
  let outcome: 'complete' | AntiphonError | undefined
  let endedAt: number | undefined
  const end = (how: 'complete' | AntiphonError): void => {
    outcome = how
    endedAt = scheduler.now()
  }
  const subscription = stream$.subscribe({
    next: (value) => {
      values.push(value)
      at.push(scheduler.now())
    },
    error: (error: unknown) => end(AntiphonError.from(error)),
    complete: () => end('complete'),
  })
  return {
    values,
    at,
    ending: () => outcome,
    endedAt: () => endedAt,
    unsubscribe: () => subscription.unsubscribe(),
  }
}

/** A message that the broker received, with the time and its Reason Code. */
export interface PublishedMessage {
  readonly at: number
  readonly message: OutgoingMessage
  readonly reasonCode: number
}

/** Records the messages that a client publishes. */
export function publishedBy({ broker, scheduler }: World, clientId: string): readonly PublishedMessage[] {
  const messages: PublishedMessage[] = []
  broker.published$.subscribe((published) => {
    if (published.clientId !== clientId) return
    messages.push({ at: scheduler.now(), message: published.message, reasonCode: published.reasonCode })
  })
  return messages
}

/** Publishes an acceptance of a request, which names a control topic. */
export function accept(
  { broker, advance }: World,
  request: OutgoingMessage | undefined,
  controlTopic = 'control/server',
): void {
  if (request === undefined) throw new Error('there is no request to accept')
  const userProperties = [
    ['__stat', '202'],
    ['__ctlTopic', controlTopic],
  ] as const
  broker.publish(responseTo(request, '', { userProperties }))
  advance(2)
}

/** Returns the published messages without those that cancel a request. */
export function withoutCancels(published: readonly PublishedMessage[]): readonly PublishedMessage[] {
  return published.filter(({ message }) => statusOf(message) !== 499)
}

/** Decodes the payload of a message as UTF-8. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** Encodes a text as UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Returns the status of a response, if it has one. */
export function statusOf({ userProperties }: OutgoingMessage): number | undefined {
  const status = userProperty(userProperties, '__stat')
  return status === undefined ? undefined : Number(status)
}

/** Creates the response of a peer without Antiphon: the Correlation Data on the Response Topic, and no other property. */
export function responseTo(
  request: OutgoingMessage,
  text: string,
  more: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  const { responseTopic = '', correlationData } = request
  return {
    topic: responseTopic,
    payload: bytesOf(text),
    ...(correlationData === undefined ? {} : { correlationData }),
    ...more,
  }
}

/** Subscribes to a topic as a peer without Antiphon, and responds to each request after a number of milliseconds. */
export function respondOn(
  { broker, scheduler }: World,
  topic: string,
  responsesTo: (request: OutgoingMessage) => readonly OutgoingMessage[],
  responseDelay = 1,
): void {
  const link = broker.link({ clientId: `plain-${topic}` })
  link.subscription$(topic).subscribe(({ deliveries$ }) => {
    deliveries$.subscribe(({ message, acknowledge }) => {
      acknowledge()
      scheduler.schedule(() => {
        for (const response of responsesTo(message)) broker.publish(response)
      }, responseDelay)
    })
  })
}
