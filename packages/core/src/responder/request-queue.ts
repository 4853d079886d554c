import type { EndpointTypes } from '../endpoint.js'
import { LinkedQueue } from '../linked-queue.js'
import type { OutcomeDetails, ServeRecord } from '../observe/serve-record.js'
import { BUSY, handlerFailure } from './failures.js'
import type { HandlerRun, HandlerRunOptions } from './handler-run.js'
import type { Handler } from './handler.js'
import { KeyedQueue } from './keyed-queue.js'
import { requestContext, type ReceivedRequest } from './received-request.js'
import type { RequestContext } from './request-context.js'
import { canReport, fail } from './response-sender.js'
import { SingleResponseRun } from './single-response-run.js'
import { StreamResponseRun } from './stream-response-run.js'

/** What a request queue is made from. */
export interface RequestQueueOptions<T extends EndpointTypes> {
  readonly handler: Handler<T>
  readonly handlerTimeout: number
  /** Maximum number of handlers that run at once. */
  readonly concurrency: number
  /** Maximum number of requests that wait. */
  readonly queue: number
  readonly orderedBy: ((request: ReceivedRequest<T>) => unknown) | undefined
  readonly onServed: (record: ServeRecord<T>) => void
  /** Called when a request has been served and none is left. */
  readonly onIdle: () => void
}

/** The requests of one `serve`: runs as many handlers as `concurrency` allows, queues the others, or rejects them. */
export class RequestQueue<T extends EndpointTypes> {
  readonly #options: RequestQueueOptions<T>
  readonly #runOptions: HandlerRunOptions<T>
  readonly #running = new LinkedQueue<HandlerRun<T>>()
  readonly #waiting = new KeyedQueue<HandlerRun<T>>()
  #isStarting = false

  constructor(options: RequestQueueOptions<T>) {
    const { handler, handlerTimeout } = options
    this.#options = options
    this.#runOptions = { handler, handlerTimeout, onEnd: (run, outcome) => this.#finish(run, outcome) }
  }

  get isIdle(): boolean {
    return this.#running.length === 0 && this.#waiting.length === 0
  }

  /** Starts the handler of a request if there is room; otherwise queues the request, or rejects it if the queue is full. */
  add(request: ReceivedRequest<T>): void {
    let key: unknown
    try {
      key = this.#options.orderedBy?.(request)
    } catch (error) {
      const failure = handlerFailure(error)
      const outcome: OutcomeDetails = { outcome: 'failed', status: failure.code, error }
      fail(request[requestContext], failure, outcome, this.#createRun(request, undefined))
      return
    }
    const run = this.#createRun(request, key)
    if (this.#running.length < this.#options.concurrency && this.#waiting.tryClaim(key)) this.#start(run)
    else if (this.#hasRoomFor(run.context)) this.#enqueue(run)
    else this.reject(request)
  }

  /** Answers 503. If that is not possible, leaves the request unacknowledged. */
  reject(request: ReceivedRequest<T>): void {
    const context = request[requestContext]
    const run = this.#createRun(request, undefined)
    if (canReport(context, BUSY)) {
      // Not cached: the same request may be sent again later.
      context.dropCacheEntry()
      fail(context, BUSY, { outcome: 'busy', status: BUSY.code }, run)
    } else {
      context.abandon()
      this.#report(run, { outcome: 'busy' })
    }
  }

  /** Stops and removes the affected requests, without a response or acknowledgement. */
  abandon(isAffected: (context: RequestContext) => boolean, outcome?: OutcomeDetails): void {
    for (const run of [...this.#running.items, ...this.#waiting.items]) {
      if (!isAffected(run.context) || !this.#remove(run)) continue
      run.stop()
      run.context.abandon()
      if (outcome !== undefined) this.#report(run, outcome)
    }
  }

  /** Starts queued requests while there is room. */
  startNext(): void {
    // A handler that ends synchronously re-enters this function; the loop below avoids recursion.
    if (this.#isStarting) return
    this.#isStarting = true
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#start(next)
    this.#isStarting = false
  }

  #takeNext(): HandlerRun<T> | undefined {
    return this.#running.length < this.#options.concurrency ? this.#waiting.shift() : undefined
  }

  #createRun(request: ReceivedRequest<T>, key: unknown): HandlerRun<T> {
    const { responses } = request[requestContext].responder.endpoint
    return responses === 'many'
      ? new StreamResponseRun(this.#runOptions, request, key)
      : new SingleResponseRun(this.#runOptions, request, key)
  }

  #start(run: HandlerRun<T>): void {
    run.context.handledBy(run)
    this.#running.push(run)
    run.start()
  }

  #enqueue(run: HandlerRun<T>): void {
    run.context.handledBy(run)
    this.#waiting.push(run)
  }

  /** A request we cannot answer may exceed the queue limit; our Receive Maximum bounds these. */
  #hasRoomFor(context: RequestContext): boolean {
    return this.#waiting.length < this.#options.queue || (context.isHeldByBroker && !canReport(context, BUSY))
  }

  #finish(run: HandlerRun<T>, outcome: OutcomeDetails): void {
    this.#remove(run)
    this.#report(run, outcome)
    this.startNext()
    if (this.isIdle) this.#options.onIdle()
  }

  /** Removes a running or queued request; returns whether there was one. */
  #remove(run: HandlerRun<T>): boolean {
    if (!this.#running.remove(run)) return this.#waiting.remove(run)
    this.#waiting.release(run.key)
    return true
  }

  #report({ request, context, startedAt }: HandlerRun<T>, outcome: OutcomeDetails): void {
    const { endpoint, params, message, receivedAt } = request
    // Setting the system clock in the meantime does not change the duration.
    const offset = receivedAt - context.receivedAt
    const ended = { receivedAt, endedAt: context.responder.now() + offset }
    context.responder.stats[outcome.outcome]++
    const times = startedAt === undefined ? ended : { ...ended, startedAt: startedAt + offset }
    this.#options.onServed({ endpoint, params, request: message, ...times, ...outcome })
  }
}
