import {
  AntiphonError,
  endpoint,
  json,
  text,
  type Endpoint,
  type EndpointTypes,
  type Link,
} from '@antiphon/core'
import { memoryStore, type DurableOutcome, type DurableRequests, type DurableStore } from '@antiphon/durable'
import { virtualBroker, type Published, type VirtualBroker, type VirtualLinkOptions } from '@antiphon/testing'
import * as t from 'io-ts'
import { isLeft } from 'fp-ts/lib/Either.js'
import { VirtualTimeScheduler } from 'rxjs'

/** The endpoint of the tests. */
export const orders: Endpoint<{
  readonly params: { readonly shop: string }
  readonly requestInput: string
  readonly request: string
  readonly responseInput: string
  readonly response: string
  readonly kind: 'one'
}> = endpoint({ name: 'orders', topic: 'orders/{shop}', request: text, response: text })

/** A second endpoint, without topic parameters. */
export const counts = endpoint({ topic: 'counts', request: json(t.number), response: json(t.number) })

/** A request to the endpoint of the tests. */
export const tea = { params: { shop: 'vienna' }, value: 'tea' }

/** A broker on virtual time, with a clock that also lets promises settle. */
export interface World {
  readonly broker: VirtualBroker
  /** Makes a link whose session the broker keeps, as for a program that is started again. */
  readonly link: (clientId: string, options?: VirtualLinkOptions) => Link
  /** Lets virtual time pass, and all promises settle at its end. */
  readonly advance: (milliseconds?: number) => Promise<void>
  /** Closes a link, as at the end of a program. */
  readonly stop: (link: Link) => Promise<void>
  /** The messages that were published to a topic. */
  readonly published: (topic: string) => readonly Published['message'][]
}

/** Creates a broker on virtual time. */
export function virtualWorld(): World {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const broker = virtualBroker({ scheduler })
  const advance = async (milliseconds = 0): Promise<void> => {
    scheduler.maxFrames = scheduler.frame + milliseconds
    scheduler.schedule(() => undefined, milliseconds)
    for (let round = 0; round < 8; round++) {
      scheduler.flush()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const messages: Published['message'][] = []
  broker.published$.subscribe(({ message }) => messages.push(message))
  return {
    broker,
    link: (clientId, options) =>
      broker.link({ clientId, clean: false, sessionExpiryInterval: 3_600, ...options }),
    published: (topic) => messages.filter((message) => message.topic === topic),
    advance,
    stop: async (link) => {
      const closing = link.close()
      await advance(1_000)
      await closing
    },
  }
}

/** Returns another view of a store, as a program has that is started again after it was killed. */
export const reopened = (store: DurableStore): DurableStore => ({ ...store })

/** A store in memory whose commits can be made to fail. */
export interface FailingStore extends DurableStore {
  fault: Error | undefined
}

/** Creates a store whose commits reject with `fault`, while it is set. */
export function failingStore(): FailingStore {
  const store = memoryStore()
  const failing: FailingStore = {
    ...store,
    fault: undefined,
    commit: (changes) =>
      failing.fault === undefined ? store.commit(changes) : Promise.reject(failing.fault),
  }
  return failing
}

/** Notes the outcomes of durable requests as `key: response` or `key: [code] message`, and how their stream ends. */
export function notedOutcomes<T extends EndpointTypes>(
  requests: DurableRequests<T>,
): {
  readonly notes: string[]
  readonly outcomes: DurableOutcome<T>[]
} {
  const notes: string[] = []
  const outcomes: DurableOutcome<T>[] = []
  requests.outcomes$.subscribe({
    next: (outcome) => {
      const { key, result } = outcome
      outcomes.push(outcome)
      notes.push(`${key}: ${isLeft(result) ? result.left.message : String(result.right)}`)
    },
    error: (error: unknown) => notes.push(`error ${AntiphonError.from(error).message}`),
    complete: () => notes.push('complete'),
  })
  return { notes, outcomes }
}

/** Returns the message of the error with which a promise rejects. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => AntiphonError.from(error).message,
  )
}
