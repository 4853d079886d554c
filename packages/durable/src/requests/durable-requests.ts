import {
  exchange$,
  type AntiphonError,
  type Endpoint,
  type EndpointTypes,
  type ExchangeOptions,
  type Link,
  type RequestArgument,
} from '@antiphon/core'
import {
  invalidArgument,
  numberRule,
  requireArgument,
  wholeNumberRule,
  type OptionRules,
} from '@antiphon/core/link'
import type { Observable } from 'rxjs'
import type { DurableStore } from '../store/durable-store.js'
import { storeRule } from '../store/shared-store.js'
import type { DurableOutcome } from './durable-outcome.js'
import { DurableRequester } from './durable-requester.js'

/** Options of `durableRequests`. */
export interface DurableRequestsOptions extends Pick<
  ExchangeOptions,
  'qos' | 'userProperties' | 'onResponse' | 'expectedResponder' | 'strictResponses'
> {
  /** Where requests and outcomes are kept; several endpoints may share a store. */
  readonly store: DurableStore
  /**
   * Milliseconds from `send` to the response, restarts included. A request is never sent after that time.
   * @defaultValue 3 600 000, an hour
   */
  readonly timeout?: number
  /** Milliseconds without a response before a request is sent again. @defaultValue 10 000 */
  readonly attemptTimeout?: number
  /**
   * The response topic, if the endpoint has none of its own. It should be used for nothing else, and stay the same after a
   * restart. @defaultValue `response/<UUID>`, with a UUID that is kept in the store
   */
  readonly responseTopic?: string
  /** How many requests and outcomes the store may have. @defaultValue 10 000 */
  readonly maxRequests?: number
  /**
   * Called if an outcome could not be written. It is emitted all the same; after a restart, the request is sent again for its
   * response. @defaultValue nothing is called
   */
  readonly onStoreError?: (error: AntiphonError) => void
}

const optionRules: OptionRules<DurableRequestsOptions> = {
  store: storeRule,
  timeout: numberRule(1),
  attemptTimeout: numberRule(1),
  responseTopic: 'string',
  maxRequests: wholeNumberRule(1),
  onStoreError: 'function',
  qos: [0, 1, 2],
  userProperties: 'any',
  onResponse: 'function',
  expectedResponder: 'function',
  strictResponses: [true, false],
}

/** Options of one durable request. */
export interface DurableSendOptions {
  /** Milliseconds from `send` to the response, restarts included. @defaultValue that of `durableRequests` */
  readonly timeout?: number
}

const sendOptionRules: OptionRules<DurableSendOptions> = { timeout: numberRule(1) }

/** Requests to an endpoint that survive the process; created by `durableRequests`. */
export interface DurableRequests<T extends EndpointTypes> {
  /**
   * Writes a request to the store and sends it; resolves when it is written. If the store has the same request under the key
   * already, nothing changes, so an application that was restarted may repeat the call.
   *
   * Rejects with `invalid-argument` if another request has the key, `overflow` if the store or the disk is full, `encode` for a
   * value that cannot be encoded; then nothing is sent.
   */
  readonly send: (key: string, request: RequestArgument<T>, options?: DurableSendOptions) => Promise<void>
  /**
   * Emits the outcomes of all requests, those of earlier runs of the program included.
   *
   * - *on subscribe*: opens the store and the link, and sends the requests in the store that have no outcome.
   * - *next*: the outcomes that are not acknowledged, then each further one.
   * - *complete*: the link or the requests were closed.
   * - *error*: the store cannot be opened, the broker refused the response topic, or the link ended with an error.
   * - *unsubscribe*: the requests stay pending.
   */
  readonly outcomes$: Observable<DurableOutcome<T>>
  /** Returns the keys of the requests that have no outcome yet. */
  readonly keys: () => Promise<readonly string[]>
  /**
   * Cancels a request, removes it from the store and notifies the responder that may have it. Resolves with whether there was
   * such a request without an outcome.
   */
  readonly cancel: (key: string) => Promise<boolean>
  /** Gives the store back. Requests stay in it, and are sent again at the next start. Idempotent. */
  readonly close: () => Promise<void>
}

/**
 * Sends requests that survive the process: each is written to a store before it is sent, and sent again with the same
 * correlation after a restart, until its response has been taken or its time is over.
 *
 * A responder recognises a request that is sent again and repeats its response, as long as it has it in its cache.
 *
 * @example
 * ```ts
 * const orders = durableRequests(link, placeOrder, { store: levelStore('./orders') })
 * orders.outcomes$.subscribe(async ({ key, result, acknowledge }) => {
 *   await save(key, result)
 *   await acknowledge()
 * })
 * await orders.send('order-17', { article: 'tea' })
 * ```
 */
export function durableRequests<T extends EndpointTypes & { readonly kind: 'one' }>(
  link: Link,
  endpoint: Endpoint<T>,
  options: DurableRequestsOptions,
): DurableRequests<T> {
  requireArgument('options', options, optionRules)
  requireArgument('options.store', options.store, storeRule)
  requireSingleResponses(endpoint)
  const { store, timeout = 3_600_000, attemptTimeout = 10_000, responseTopic, maxRequests = 10_000 } = options
  const { qos, userProperties, onResponse, expectedResponder, strictResponses } = options
  const exchangeOptions: ExchangeOptions = {
    // A responder that was restarted needs the request again, however long it was away.
    retry: { count: Infinity, attemptTimeout, budget: { burst: Infinity } },
    onDisconnect: 'resend',
    ...(qos !== undefined && { qos }),
    ...(userProperties !== undefined && { userProperties }),
    ...(onResponse !== undefined && { onResponse }),
    ...(expectedResponder !== undefined && { expectedResponder }),
    ...(strictResponses !== undefined && { strictResponses }),
  }
  requireExchangeOptions(link, endpoint, {
    ...exchangeOptions,
    ...(responseTopic !== undefined && { responseTopic }),
  })
  const requester = new DurableRequester<T>({
    link,
    endpoint,
    store,
    responseTopic,
    timeout,
    maxRequests,
    onStoreError: options.onStoreError ?? (() => undefined),
    exchangeOptions,
  })
  return {
    send: async (key, request, sendOptions = {}) => {
      requireArgument('key', key, 'string')
      requireArgument('options', sendOptions, sendOptionRules)
      await requester.send(key, request, sendOptions.timeout)
    },
    outcomes$: requester.outcomes$,
    keys: () => requester.keys(),
    cancel: (key) => requester.cancel(key),
    close: () => requester.close(),
  }
}

/** Throws if the responses of an endpoint could not be received after a restart. */
function requireSingleResponses(endpoint: Endpoint): void {
  const { name, requests, responses, correlation, includesMessage } = endpoint
  if (requests === 'many')
    throw invalidArgument(`${name} has requests of many items, and a durable request has one: use exchange$`)
  if (responses === 'many')
    throw invalidArgument(`${name} has many responses, and a durable request has one: use requestMany`)
  if (includesMessage)
    throw invalidArgument(`${name} is of withMessage, and messages are not stored: pass the endpoint itself`)
  if (correlation.isOrdered) {
    const fault = `${name} matches responses by ${correlation.name}, which a restart interrupts`
    throw invalidArgument(`${fault}: use correlationData() or payloadField()`)
  }
}

/** Throws if no exchange could be started with the options, before a request is stored. */
function requireExchangeOptions(link: Link, endpoint: Endpoint, options: ExchangeOptions): void {
  exchange$(link, endpoint, undefined as never, options)
}
