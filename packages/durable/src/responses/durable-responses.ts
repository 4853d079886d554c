import type { AntiphonError, Endpoint, EndpointTypes, Handler, ReceivedRequest } from '@antiphon/core'
import {
  invalidArgument,
  numberRule,
  requireArgument,
  wholeNumberRule,
  type OptionRules,
} from '@antiphon/core/link'
import type { DurableStore } from '../store/durable-store.js'
import { storeRule } from '../store/shared-store.js'
import { DurableResponder } from './durable-responder.js'
import { ResponseLog } from './response-log.js'

/** Options of `durableResponses`. */
export interface DurableResponsesOptions {
  /** Where started requests and their responses are kept; several endpoints may share a store, and requests with them. */
  readonly store: DurableStore
  /**
   * What a request gets whose handler was running when the process stopped: `fail` answers with the application error
   * `interrupted`, because the request may have been carried out; `run` calls the handler again, which must then be idempotent.
   * @defaultValue 'fail'
   */
  readonly onInterrupted?: 'fail' | 'run'
  /** How many requests are kept; beyond that, the oldest are forgotten. @defaultValue 10 000 */
  readonly maxResponses?: number
  /** The most bytes that are kept, in the store and in memory. @defaultValue 16 MiB */
  readonly maxBytes?: number
  /** Milliseconds for which a request without a message expiry is kept. @defaultValue 3 600 000, an hour */
  readonly ttl?: number
  /** Called if a response could not be written; it is sent all the same. @defaultValue nothing is called */
  readonly onStoreError?: (error: AntiphonError) => void
}

const optionRules: OptionRules<DurableResponsesOptions> = {
  store: storeRule,
  onInterrupted: ['fail', 'run'],
  maxResponses: wholeNumberRule(1),
  maxBytes: numberRule(1),
  ttl: numberRule(1),
  onStoreError: 'function',
}

/** A handler of `durableResponses`. */
export type DurableHandler<T extends EndpointTypes> = Handler<T> & {
  /** Gives the store back, after the requests were drained. Idempotent. */
  readonly close: () => Promise<void>
}

/**
 * Returns a handler for `serve` that handles each request once, also if the process is restarted: a request is written to the
 * store before its handler is called, and its response before it is sent. A duplicate after a restart gets that response.
 *
 * Requests without a correlation token are passed to the handler as they are.
 *
 * @example
 * ```ts
 * requests$(link, placeOrder).pipe(serve(durableResponses(placeOrder, place, { store: levelStore('./orders') })))
 * ```
 */
export function durableResponses<T extends EndpointTypes & { readonly kind: 'one' }>(
  endpoint: Endpoint<T>,
  handler: Handler<T>,
  options: DurableResponsesOptions,
): DurableHandler<T> {
  requireArgument('options', options, optionRules)
  requireArgument('options.store', options.store, storeRule)
  if ((endpoint as Endpoint).responses === 'many')
    throw invalidArgument(`${endpoint.name} has many responses, and a durable response is a single one`)
  if ((endpoint as Endpoint).requests === 'many')
    throw invalidArgument(`${endpoint.name} has requests of many items, which are not stored`)
  const { store, maxResponses = 10_000, maxBytes = 16 * 2 ** 20, ttl = 3_600_000 } = options
  const responder = new DurableResponder<T>({
    endpoint,
    handler,
    log: new ResponseLog({ store, endpoint, maxResponses, maxBytes, ttl }),
    ttl,
    onInterrupted: options.onInterrupted ?? 'fail',
    onStoreError: options.onStoreError ?? (() => undefined),
  })
  return Object.assign((request: ReceivedRequest<T>) => responder.handle(request), {
    close: () => responder.close(),
  })
}
