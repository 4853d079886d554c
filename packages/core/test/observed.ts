import { AntiphonError, userProperty, type OutgoingMessage } from '@antiphon/core'
import type { Observable } from 'rxjs'
import type { World } from './world.js'

/** What happened to a stream, with the millisecond of each event. */
export interface Observed<T> {
  readonly values: readonly T[]
  readonly at: readonly number[]
  /** How it ended, if it did. */
  readonly ending: () => 'complete' | AntiphonError | undefined
  /** When it ended. */
  readonly endedAt: () => number | undefined
  readonly unsubscribe: () => void
}

/** Listens to a stream from now on. */
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

/** A message as the broker took it, and when. */
export interface PublishedMessage {
  readonly at: number
  readonly message: OutgoingMessage
  readonly reasonCode: number
}

/** What a client publishes from now on. */
export function publishedBy({ broker, scheduler }: World, clientId: string): readonly PublishedMessage[] {
  const taken: PublishedMessage[] = []
  broker.published$.subscribe((published) => {
    if (published.clientId !== clientId) return
    taken.push({ at: scheduler.now(), message: published.message, reasonCode: published.reasonCode })
  })
  return taken
}

/** The text of a message. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** A text as the bytes it is. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The status a reply carries, if it carries one. */
export function statusOf({ userProperties }: OutgoingMessage): number | undefined {
  const found = userProperty(userProperties, '__stat')
  return found === undefined ? undefined : Number(found)
}

/** A plain peer's reply: the Correlation Data sent back to the Response Topic, and nothing else. */
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

/** A plain peer that answers what is asked on a topic, from now on, after so many milliseconds. */
export function respondOn(
  { broker, scheduler }: World,
  topic: string,
  response: (request: OutgoingMessage) => readonly OutgoingMessage[],
  after = 1,
): void {
  const silent = broker.link({ clientId: `plain-${topic}` })
  silent.subscription$(topic).subscribe(({ deliveries$ }) => {
    deliveries$.subscribe(({ message, acknowledge }) => {
      acknowledge()
      scheduler.schedule(() => {
        for (const reply of response(message)) broker.publish(reply)
      }, after)
    })
  })
}
