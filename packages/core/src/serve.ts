import { Observable, type OperatorFunction, type Unsubscribable } from 'rxjs'
import { requireNumber } from './argument.js'
import type { EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { LinkedQueue, type ListNode } from './linked-queue.js'
import { subscribeWhileOpen } from './subscribe-while-open.js'
import type { Message } from './message.js'
import { BUSY, toFailure } from './responder/failures.js'
import type { Handler, HandlerRunOptions } from './responder/handler.js'
import { runHandler } from './responder/single-response-run.js'
import { outcomeAfterSend, type OutcomeDetails, type ServeOutcome } from './responder/outcome.js'
import { contextOf, type ReceivedRequest } from './responder/received-request.js'
import { KeyedQueue, QueuedItem } from './responder/keyed-queue.js'

/** How requests are handled. */
export interface ServeOptions<T extends EndpointTypes = EndpointTypes> {
  /** How many handlers run at once. @defaultValue 256 */
  readonly concurrency?: number
  /**
   * How many requests wait for one of them to end; one more is answered 503. Where no status can travel, it waits as
   * well if the broker counts it among what we have not acknowledged, and is dropped if not. @defaultValue 10 000
   */
  readonly queue?: number
  /**
   * What tells requests that must not overtake each other: those for which it gives the same value are handled one after
   * the other in the order in which they came, the next when the reply to the one before is out; `undefined` puts a
   * request in no order. Requests of different values go side by side.
   */
  readonly orderedBy?: (request: ReceivedRequest<T>) => unknown
  /** Milliseconds a handler may take, beside what the caller allows. @defaultValue Infinity */
  readonly handlerTimeout?: number
  /**
   * When it emits: new requests are answered 503 or, where no status can travel, left to the broker unacknowledged; what
   * is in hand is finished, then the stream completes.
   */
  readonly drain$?: Observable<unknown>
}

/** What became of one request. Times are milliseconds on the link's clock. */
export interface ServeRecord<T extends EndpointTypes = EndpointTypes> extends OutcomeDetails {
  readonly endpoint: string
  readonly params: T['params']
  readonly request: Message
  readonly outcome: ServeOutcome
  readonly receivedAt: number
  /** When the handler was started, if it was. */
  readonly startedAt?: number
  readonly endedAt: number
}

/** A handler at work. */
class HandlerRun<T extends EndpointTypes> implements HandlerRunOptions<T>, ListNode<HandlerRun<T>> {
  readonly handler: Handler<T>
  readonly request: ReceivedRequest<T>
  readonly handlerTimeout: number
  readonly key: unknown
  readonly startedAt: number
  handling: Unsubscribable | undefined
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
    over: (run: HandlerRun<T>, outcome: OutcomeDetails) => void,
  ) {
    this.handler = handler
    this.request = request
    this.handlerTimeout = handlerTimeout
    this.key = key
    this.startedAt = contextOf(request).link.scheduler.now()
    this.#onEnd = over
  }

  onEnd(outcome: OutcomeDetails): void {
    this.#onEnd(this, outcome)
  }
}

/**
 * Answers a stream of requests: runs the handler for each, sends what it gives to the caller, and only then acknowledges
 * the request, so that a crash repeats what was not finished.
 *
 * - *next*: a record of each exchange when it is over. *complete*: drained, or the requests ended and all are answered.
 * - *error*: as the source. A handler that fails answers 500 and does not disturb the stream.
 * - *unsubscribe*: stops the handlers; what is in hand stays unacknowledged, and the broker gives it to somebody else.
 *
 * @example
 * ```ts
 * requests$(link, temperature).pipe(serve(({ value }) => of(answerFor(value)), { concurrency: 64 })).subscribe()
 * ```
 */
export function serve<T extends EndpointTypes>(
  handler: Handler<T>,
  options: ServeOptions<NoInfer<T>> = {},
): OperatorFunction<ReceivedRequest<T>, ServeRecord<T>> {
  const { orderedBy } = options
  const concurrency = requireNumber('concurrency', options.concurrency ?? 256, { least: 1, isWhole: true })
  const queue = requireNumber('queue', options.queue ?? 10_000, { least: 0, isWhole: true })
  const handlerTimeout = requireNumber('handlerTimeout', options.handlerTimeout ?? Infinity, { least: 1e-3 })
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
        const handling = runHandler(run)
        // It may have ended, or been let go of, while it was being started.
        if (running.has(run)) run.handling = handling
        else handling.unsubscribe()
      }
      const startNext = (): void => {
        // A handler that ends at once comes back here; a loop serves it, not a pile of calls.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) start(next.item, next.key)
        isStarting = false
      }
      const takeNext = (): QueuedItem<ReceivedRequest<T>> | undefined =>
        running.length < concurrency ? waiting.shift() : undefined
      const enqueue = (request: ReceivedRequest<T>, key: unknown): void => {
        const waiter = new QueuedItem(request, key)
        waiting.push(waiter)
        contextOf(request).onCancel = () => {
          waiting.remove(waiter)
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
      /** One that can be told nothing waits beyond the queue's end: there, the broker bounds how many they are. */
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

      /** Lets go of all that `isConcerned` holds for, unanswered and unacknowledged. */
      const abandon = (
        isConcerned: (request: ReceivedRequest<T>) => boolean,
        outcome?: OutcomeDetails,
      ): void => {
        for (const run of running.items) {
          const { request, handling, startedAt, key } = run
          if (!isConcerned(request) || !running.remove(run)) continue
          handling?.unsubscribe()
          contextOf(request).abandon()
          waiting.release(key)
          if (outcome !== undefined) report(request, outcome, startedAt)
        }
        for (const waiter of waiting.items) {
          const { item: request } = waiter
          if (!isConcerned(request)) continue
          waiting.remove(waiter)
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
          // Where it ended because the link is closed, there is nobody to answer any more.
          abandon((request) => contextOf(request).isLinkClosed, { outcome: 'unsent', error: linkClosed() })
          startNext()
          close()
        },
      })
    })
}

function linkClosed(): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', 'the link was closed before there was an answer')
}
