import { Observable, type Observer, type OperatorFunction, type Subscriber, type Unsubscribable } from 'rxjs'
import { requireArgument } from './argument.js'
import type { EndpointTypes } from './endpoint-types.js'
import { AntiphonError } from './errors.js'
import type { ServeRecord } from './observe/serve-record.js'
import { durationRule, type OptionRules, wholeNumberRule } from './option-rules.js'
import { type AdaptiveConcurrency, concurrencyRule } from './responder/adaptive-concurrency.js'
import type { Handler } from './responder/handler.js'
import type { ReceivedRequest } from './responder/received-request.js'
import type { RequestContext } from './responder/request-context.js'
import { RequestQueue } from './responder/request-queue.js'
import { subscribeWhileOpen } from './subscribe-while-open.js'

/** Options of `serve`. */
export interface ServeOptions<T extends EndpointTypes = EndpointTypes> {
  /** Maximum number of handlers that run at once, or how it is adapted to the time they take. @defaultValue 256 */
  readonly concurrency?: number | AdaptiveConcurrency
  /**
   * Maximum number of requests that wait for a handler. Further requests are answered 503.
   *
   * A request that cannot be answered 503 is queued beyond this limit if the broker holds it until it is acknowledged, as
   * Receive Maximum bounds these. Otherwise it is dropped. @defaultValue 10 000
   */
  readonly queue?: number
  /**
   * Answer 503 to a request that cannot start at once if less time is left than it would wait and be handled on average: when
   * it arrives, when it would start, and when the queue is full. It is counted as `busy` and `shed`. Streams and notifications
   * are handled all the same.
   * @defaultValue true
   */
  readonly shedLate?: boolean
  /**
   * Returns the key of a request. Requests with the same key are handled one at a time in the order of receipt; the next
   * starts when the response to the previous one has been sent. Requests with different keys run concurrently, as do
   * requests with `undefined` as key.
   */
  readonly orderedBy?: (request: ReceivedRequest<T>) => unknown
  /** Milliseconds a handler may run. The expiry of its request limits it as well. @defaultValue Infinity */
  readonly handlerTimeout?: number
}

const DEFAULTS = {}

const serveOptionRules: OptionRules<ServeOptions> = {
  concurrency: concurrencyRule,
  queue: wholeNumberRule(0),
  shedLate: [true, false],
  orderedBy: 'function',
  handlerTimeout: durationRule,
}

/**
 * Runs a handler for each request of a stream and sends its response to the requester.
 *
 * `acknowledge` of `requests$` says when a request is acknowledged, `drain$` of `requests$` stops it without losing requests.
 *
 * - *on subscribe*: subscribes to the source.
 * - *next*: a record of each request that has been served.
 * - *complete*: when the source has completed and all its requests have been served.
 * - *error*: as the source. A handler that fails answers 500; the stream continues.
 * - *unsubscribe*: stops the handlers. Requests that are not acknowledged stay so, and the broker delivers them again.
 *
 * @example
 * ```ts
 * requests$(link, temperature).pipe(serve(({ value }) => of(measure(value)), { concurrency: 64 })).subscribe()
 * ```
 */
export function serve<T extends EndpointTypes>(
  handler: Handler<T>,
  options: ServeOptions<NoInfer<T>> = DEFAULTS,
): OperatorFunction<ReceivedRequest<T>, ServeRecord<T>> {
  requireArgument('handler', handler, 'function')
  requireArgument('options', options, serveOptionRules)
  return (source) =>
    new Observable((subscriber) => {
      const server = new RequestServer<T>(handler, options, subscriber)
      subscriber.add(server)
      subscribeWhileOpen(source, subscriber, server)
    })
}

/**
 * One subscription to the result of `serve`.
 *
 * Its queue is created with the first request: a process may serve many endpoints of which few are used.
 */
class RequestServer<T extends EndpointTypes> implements Observer<ReceivedRequest<T>>, Unsubscribable {
  readonly #handler: Handler<T>
  readonly #options: ServeOptions<T>
  readonly #subscriber: Subscriber<ServeRecord<T>>
  #queue: RequestQueue<T> | undefined
  #isCompleted = false

  constructor(handler: Handler<T>, options: ServeOptions<T>, subscriber: Subscriber<ServeRecord<T>>) {
    this.#handler = handler
    this.#options = options
    this.#subscriber = subscriber
  }

  next(request: ReceivedRequest<T>): void {
    this.#queue ??= this.#createQueue()
    this.#queue.add(request)
  }

  error(error: unknown): void {
    this.#subscriber.error(error)
  }

  complete(): void {
    // The source also completes when its link is closed; no response can be sent then.
    const isClosed = ({ responder }: RequestContext): boolean => responder.isLinkClosed
    this.#queue?.abandon(isClosed, { outcome: 'unsent', error: linkClosed() })
    this.#queue?.startNext()
    this.#isCompleted = true
    this.#completeWhenIdle()
  }

  /** Stops the handlers. */
  unsubscribe(): void {
    this.#queue?.close()
    this.#queue?.abandon(() => true)
  }

  #createQueue(): RequestQueue<T> {
    const { handlerTimeout, concurrency, queue, shedLate, orderedBy } = this.#options
    return new RequestQueue({
      handler: this.#handler,
      handlerTimeout: handlerTimeout ?? Infinity,
      concurrency: concurrency ?? 256,
      queue: queue ?? 10_000,
      shedLate: shedLate ?? true,
      orderedBy,
      onServed: (record) => this.#subscriber.next(record),
      onIdle: () => this.#completeWhenIdle(),
    })
  }

  #completeWhenIdle(): void {
    if (this.#isCompleted && this.#queue?.isIdle !== false) this.#subscriber.complete()
  }
}

function linkClosed(): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', 'cannot respond: the link was closed')
}
