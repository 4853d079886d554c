import { Observable, type OperatorFunction, type Unsubscribable } from 'rxjs'
import { requireArgument } from './argument.js'
import type { EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { LinkedQueue, type ListNode } from './linked-queue.js'
import { subscribeWhileOpen } from './subscribe-while-open.js'
import type { Message } from './message.js'
import { countRule, durationRule, type OptionRules, wholeNumberRule } from './option-rules.js'
import { BUSY, toFailure } from './responder/failures.js'
import type { Handler, HandlerRunOptions } from './responder/handler.js'
import { runHandler } from './responder/single-response-run.js'
import { outcomeAfterSend, type OutcomeDetails, type ServeOutcome } from './responder/outcome.js'
import { contextOf, type ReceivedRequest } from './responder/received-request.js'
import { KeyedQueue, QueuedItem } from './responder/keyed-queue.js'

/** Options of `serve`. */
export interface ServeOptions<T extends EndpointTypes = EndpointTypes> {
  /** Maximum number of handlers that run at once. @defaultValue 256 */
  readonly concurrency?: number
  /**
   * Maximum number of requests that wait for a handler. Further requests are answered 503.
   *
   * A request that cannot be answered 503 is queued beyond this limit if the broker holds it until it is acknowledged, as
   * Receive Maximum bounds these. Otherwise it is dropped. @defaultValue 10 000
   */
  readonly queue?: number
  /**
   * Returns the key of a request. Requests with the same key are handled one at a time in the order of receipt; the next
   * starts when the response to the previous one has been sent. Requests with different keys run concurrently, as do
   * requests with `undefined` as key.
   */
  readonly orderedBy?: (request: ReceivedRequest<T>) => unknown
  /** Milliseconds a handler may run. The expiry of its request limits it as well. @defaultValue Infinity */
  readonly handlerTimeout?: number
  /**
   * Starts draining when it emits: running and queued requests are finished, then the stream completes. New requests are
   * answered 503; those that cannot be answered 503 stay unacknowledged at the broker.
   */
  readonly drain$?: Observable<unknown>
}

const serveOptionRules: OptionRules<ServeOptions> = {
  concurrency: countRule,
  queue: wholeNumberRule(0),
  orderedBy: 'function',
  handlerTimeout: durationRule,
  drain$: 'object',
}

/** How one request was served. Times are milliseconds on the link's clock. */
export interface ServeRecord<T extends EndpointTypes = EndpointTypes> extends OutcomeDetails {
  readonly endpoint: string
  readonly params: T['params']
  readonly request: Message
  readonly outcome: ServeOutcome
  readonly receivedAt: number
  /** When the handler started; absent if it did not. */
  readonly startedAt?: number
  readonly endedAt: number
}

/** A running handler. */
class HandlerRun<T extends EndpointTypes> implements HandlerRunOptions<T>, ListNode<HandlerRun<T>> {
  readonly handler: Handler<T>
  readonly request: ReceivedRequest<T>
  readonly handlerTimeout: number
  readonly key: unknown
  readonly startedAt: number
  subscription: Unsubscribable | undefined
  queue: LinkedQueue<HandlerRun<T>> | undefined = undefined
  prevNode: HandlerRun<T> | undefined = undefined
  nextNode: HandlerRun<T> | undefined = undefined
  readonly #onEnd: (run: HandlerRun<T>, outcome: OutcomeDetails) => void

  constructor(
    {
      handler,
      request,
      handlerTimeout,
      key,
    }: Pick<HandlerRun<T>, 'handler' | 'request' | 'handlerTimeout' | 'key'>,
    onEnd: (run: HandlerRun<T>, outcome: OutcomeDetails) => void,
  ) {
    this.handler = handler
    this.request = request
    this.handlerTimeout = handlerTimeout
    this.key = key
    this.startedAt = contextOf(request).link.scheduler.now()
    this.#onEnd = onEnd
  }

  onEnd(outcome: OutcomeDetails): void {
    this.#onEnd(this, outcome)
  }
}

/**
 * Runs a handler for each request of a stream and sends its response to the requester.
 *
 * A request is acknowledged only after its response is sent, so that after a crash the broker delivers it again.
 *
 * - *on subscribe*: subscribes to the source.
 * - *next*: a record of each request that has been served.
 * - *complete*: after draining, or when the source has completed and all its requests have been served.
 * - *error*: as the source. A handler that fails answers 500; the stream continues.
 * - *unsubscribe*: stops the handlers. Requests not yet responded to stay unacknowledged, and the broker delivers them again.
 *
 * @example
 * ```ts
 * requests$(link, temperature).pipe(serve(({ value }) => of(measure(value)), { concurrency: 64 })).subscribe()
 * ```
 */
export function serve<T extends EndpointTypes>(
  handler: Handler<T>,
  options: ServeOptions<NoInfer<T>> = {},
): OperatorFunction<ReceivedRequest<T>, ServeRecord<T>> {
  requireArgument('handler', handler, 'function')
  requireArgument('options', options, serveOptionRules)
  const { orderedBy, concurrency = 256, queue = 10_000, handlerTimeout = Infinity } = options
  return (source) =>
    new Observable((subscriber) => {
      const running = new LinkedQueue<HandlerRun<T>>()
      const waiting = new KeyedQueue<ReceivedRequest<T>>()
      let isClosing = false
      let isStarting = false

      const completeWhenDone = (): void => {
        if (isClosing && running.length === 0 && waiting.length === 0) subscriber.complete()
      }
      const report = (request: ReceivedRequest<T>, outcome: OutcomeDetails, startedAt?: number): void => {
        const { endpoint, params, message, receivedAt } = request
        const context = contextOf(request)
        const endedAt = context.link.scheduler.now()
        context.count(outcome.outcome)
        const times = startedAt === undefined ? { receivedAt, endedAt } : { receivedAt, startedAt, endedAt }
        subscriber.next({ endpoint, params, request: message, ...times, ...outcome })
      }
      const finish = (run: HandlerRun<T>, outcome: OutcomeDetails): void => {
        running.remove(run)
        waiting.release(run.key)
        report(run.request, outcome, run.startedAt)
        startNext()
        completeWhenDone()
      }
      const start = (request: ReceivedRequest<T>, key: unknown): void => {
        const run = new HandlerRun<T>({ handler, request, handlerTimeout, key }, finish)
        running.push(run)
        const subscription = runHandler(run)
        // The run may have ended or been abandoned synchronously.
        if (running.has(run)) run.subscription = subscription
        else subscription.unsubscribe()
      }
      const startNext = (): void => {
        // A handler that ends synchronously re-enters this function; the loop below avoids recursion.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) start(next.item, next.key)
        isStarting = false
      }
      const takeNext = (): QueuedItem<ReceivedRequest<T>> | undefined =>
        running.length < concurrency ? waiting.shift() : undefined
      const enqueue = (request: ReceivedRequest<T>, key: unknown): void => {
        const queued = new QueuedItem(request, key)
        waiting.push(queued)
        contextOf(request).onCancel = () => {
          waiting.remove(queued)
          report(request, { outcome: 'cancelled' })
          startNext()
          completeWhenDone()
        }
      }
      const reject = (request: ReceivedRequest<T>): void => {
        const context = contextOf(request)
        if (context.canReportFailure(BUSY)) {
          context.reject(BUSY, (sent) =>
            report(request, outcomeAfterSend({ outcome: 'busy', status: BUSY.code }, sent)),
          )
          return
        }
        context.abandon()
        report(request, { outcome: 'busy' })
      }
      // A request we cannot answer may exceed the queue limit; our Receive Maximum bounds these.
      const canQueue = (request: ReceivedRequest<T>): boolean => {
        if (waiting.length < queue) return true
        const context = contextOf(request)
        return context.isHeldByBroker && !context.canReportFailure(BUSY)
      }
      const admit = (request: ReceivedRequest<T>): void => {
        let key: unknown
        try {
          key = orderedBy?.(request)
        } catch (error) {
          const failure = toFailure(error)
          contextOf(request).fail(failure, (sent) =>
            report(request, outcomeAfterSend({ outcome: 'failed', status: failure.code, error }, sent)),
          )
          return
        }
        if (running.length < concurrency && waiting.tryClaim(key)) start(request, key)
        else if (canQueue(request)) enqueue(request, key)
        else reject(request)
      }

      /** Stops and removes the affected requests, without a response or acknowledgement. */
      const abandon = (
        isAffected: (request: ReceivedRequest<T>) => boolean,
        outcome?: OutcomeDetails,
      ): void => {
        for (const run of running.items) {
          const { request, subscription, startedAt, key } = run
          if (!isAffected(request) || !running.remove(run)) continue
          subscription?.unsubscribe()
          contextOf(request).abandon()
          waiting.release(key)
          if (outcome !== undefined) report(request, outcome, startedAt)
        }
        for (const queued of waiting.items) {
          const { item: request } = queued
          if (!isAffected(request)) continue
          waiting.remove(queued)
          contextOf(request).abandon()
          if (outcome !== undefined) report(request, outcome)
        }
      }

      subscriber.add(() => abandon(() => true))
      const close = (): void => {
        isClosing = true
        completeWhenDone()
      }
      if (options.drain$ !== undefined) subscriber.add(options.drain$.subscribe(close))
      subscribeWhileOpen(source, subscriber, {
        next: (request) => {
          if (isClosing) reject(request)
          else admit(request)
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          // The source also completes when its link is closed; no response can be sent then.
          abandon((request) => contextOf(request).isLinkClosed, { outcome: 'unsent', error: linkClosed() })
          startNext()
          close()
        },
      })
    })
}

function linkClosed(): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', 'cannot respond: the link was closed')
}
