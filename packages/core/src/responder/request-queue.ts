import type { EndpointTypes } from '../endpoint-types.js'
import { AntiphonError } from '../errors.js'
import { LinkedQueue } from '../linked-queue.js'
import type { OutcomeDetails, ServeRecord } from '../observe/serve-record.js'
import { type AdaptiveConcurrency, ConcurrencyLimit } from './adaptive-concurrency.js'
import { BUSY, handlerFailure, tooLateFailure } from './failures.js'
import type { HandlerRun, HandlerRunOptions } from './handler-run.js'
import { HandlerTime, runEndOf } from './handler-time.js'
import type { Handler } from './handler.js'
import { KeyedQueue } from './keyed-queue.js'
import { contextOf, type ReceivedRequest } from './received-request.js'
import type { RequestContext } from './request-context.js'
import type { DrainListener, ResponderContext } from './responder-context.js'
import { canReport } from './response-sender.js'
import { SingleResponseRun } from './single-response-run.js'
import { StreamResponseRun } from './stream-response-run.js'

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What a request queue is made from. */
export interface RequestQueueOptions<T extends EndpointTypes> {
  readonly handler: Handler<T>
  readonly handlerTimeout: number
  /** Maximum number of handlers that run at once. */
  readonly concurrency: number | AdaptiveConcurrency
  /** Maximum number of requests that wait. */
  readonly queue: number
  /** Whether requests that wait are answered 503 once they cannot be handled in time. */
  readonly shedLate: boolean
  readonly orderedBy: ((request: ReceivedRequest<T>) => unknown) | undefined
  readonly onServed: (record: ServeRecord<T>) => void
  /** Called when a request has been served and none is left. */
  readonly onIdle: () => void
}

/** The requests of one `serve`: runs as many handlers as `concurrency` allows, queues the others, or rejects them. */
export class RequestQueue<T extends EndpointTypes> implements DrainListener {
  readonly #options: RequestQueueOptions<T>
  readonly #runOptions: HandlerRunOptions<T>
  readonly #running = new LinkedQueue<HandlerRun<T>>()
  readonly #waiting = new KeyedQueue<HandlerRun<T>>()
  readonly #responders = new Set<ResponderContext>()
  readonly #limit: ConcurrencyLimit
  readonly #handlerTime = new HandlerTime()
  #latestResponder: ResponderContext | undefined
  #isStarting = false

  constructor(options: RequestQueueOptions<T>) {
    const { handler, handlerTimeout } = options
    this.#options = options
    this.#limit = new ConcurrencyLimit(options.concurrency)
    this.#runOptions = { handler, handlerTimeout, onEnd: (run, outcome) => this.#finish(run, outcome) }
  }

  get isIdle(): boolean {
    return this.#running.length === 0 && this.#waiting.length === 0
  }

  /** Starts the handler of a request if there is room; otherwise queues the request, or rejects it if the queue is full. */
  add(request: ReceivedRequest<T>): void {
    const { responder } = contextOf(request)
    if (responder !== this.#latestResponder) this.#follow(responder)
    let key: unknown
    let thrown: { readonly error: unknown } | undefined
    try {
      key = this.#options.orderedBy?.(request)
    } catch (error) {
      thrown = { error }
    }
    const run = this.#createRun(request, key)
    // An operator between `requests$` and `serve` may have kept the request until it ended.
    if (!run.context.admit(run)) return
    if (thrown !== undefined) {
      const failure = handlerFailure(thrown.error)
      run.failWith(failure, { outcome: 'failed', status: failure.code, error: thrown.error })
    } else if (this.#limit.hasRoom(this.#running.length) && this.#waiting.tryClaim(key)) this.#start(run)
    else if (this.#isLate(run, this.#waitingTime(responder.now()))) this.#shed(run)
    else if (this.#hasRoomToWait()) {
      // What waits only for its key starts without the broker's help; what waits for room is held by the broker.
      if (!this.#enqueue(run)) run.context.acknowledgeOnStart()
    } else if (run.context.isHeldByBroker && !canReport(run.context, BUSY)) this.#enqueue(run)
    else this.#reject(run)
  }

  /** Releases the requests that wait unacknowledged, because their responder pauses. */
  pause(responder: ResponderContext): void {
    for (const run of this.#waiting.items)
      if (run.context.responder === responder && run.context.isHeldByBroker) this.#abandon(run)
    this.#completeIfIdle()
  }

  /** Answers 503 to what is acknowledged and releases the rest, because the time to drain is over. */
  interrupt(responder: ResponderContext): void {
    for (const run of this.#runsOf(responder)) {
      if (!run.context.isOpen) continue
      if (run.context.isHeldByBroker) this.#abandon(run)
      else this.#reject(run)
    }
    this.#completeIfIdle()
  }

  /** Ends what is left of a responder without waiting for the broker. */
  end(responder: ResponderContext): void {
    for (const run of this.#runsOf(responder)) {
      run.context.abort('stopped')
      run.stop()
      run.context.settle()
      run.end({ outcome: 'unsent', error: drainTimedOut() })
    }
  }

  /** Stops following the responders of its requests. */
  close(): void {
    for (const responder of this.#responders) responder.removeDrainListener(this)
  }

  /** Answers 503. If that is not possible, the request is only acknowledged and recorded. */
  #reject(run: HandlerRun<T>, failure = BUSY): void {
    const { context } = run
    context.abort('stopped')
    // Not cached: the same request may be sent again later.
    context.dropCacheEntry()
    if (canReport(context, failure)) run.failWith(failure, { outcome: 'busy', status: failure.code })
    else {
      run.stop()
      context.endWithoutResponse()
      run.end({ outcome: 'busy' })
    }
  }

  #abandon(run: HandlerRun<T>): void {
    this.#remove(run)
    run.context.abort('stopped')
    run.stop()
    run.context.abandon()
    run.context.responder.events.responder?.abandoned(run.context)
  }

  #runsOf(responder: ResponderContext): readonly HandlerRun<T>[] {
    const runs = [...this.#running.items, ...this.#waiting.items]
    return runs.filter(({ context }) => context.responder === responder)
  }

  #follow(responder: ResponderContext): void {
    this.#latestResponder = responder
    this.#responders.add(responder)
    responder.addDrainListener(this)
  }

  /** Stops and removes the affected requests, without a response or acknowledgement. */
  abandon(isAffected: (context: RequestContext) => boolean, outcome?: OutcomeDetails): void {
    for (const run of [...this.#running.items, ...this.#waiting.items]) {
      if (!isAffected(run.context) || !this.#remove(run)) continue
      run.context.abort('stopped')
      run.stop()
      run.context.abandon()
      if (outcome === undefined) run.context.responder.events.responder?.abandoned(run.context)
      else this.#report(run, outcome, run.context.responder.now())
    }
  }

  /** Starts queued requests while there is room. */
  startNext(): void {
    // A handler that ends synchronously re-enters this function; the loop below avoids recursion.
    if (this.#isStarting) return
    this.#isStarting = true
    try {
      for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#start(next)
    } finally {
      this.#isStarting = false
    }
  }

  #takeNext(): HandlerRun<T> | undefined {
    if (this.#waiting.length === 0 || !this.#limit.hasRoom(this.#running.length)) return undefined
    this.#shedLate()
    return this.#waiting.shift()
  }

  #hasRoomToWait(): boolean {
    if (this.#waiting.length >= this.#options.queue) this.#shedLate()
    return this.#waiting.length < this.#options.queue
  }

  /** Sheds the requests that have waited for so long that a handler would not end in time. */
  #shedLate(): void {
    for (
      let run = this.#waiting.first;
      run !== undefined && this.#isLate(run, 0);
      run = this.#waiting.first
    ) {
      this.#waiting.remove(run)
      this.#shed(run)
    }
  }

  /** Answers 503 to a request for which too little time is left. */
  #shed(run: HandlerRun<T>): void {
    const { responder, timeLeft } = run.context
    responder.stats.shed++
    this.#reject(run, tooLateFailure(timeLeft, this.#handlerTime.lowestAverage(responder.now())))
  }

  /** Whether a handler that starts in some milliseconds would not end before the request expires. */
  #isLate({ context }: HandlerRun<T>, startsIn: number): boolean {
    if (!this.#options.shedLate) return false
    // A stream has no expiry as a whole, and a requester that cannot receive a status gets the attempt.
    const { responder, timeLeft } = context
    const isInTime = timeLeft >= startsIn + this.#handlerTime.lowestAverage(responder.now())
    if (isInTime || responder.endpoint.responses === 'many') return false
    return canReport(context, BUSY)
  }

  /** Returns how long a request waits that arrives now, unless it waits for its key only. */
  #waitingTime(now: number): number {
    const { size } = this.#limit
    if (this.#running.length < size) return 0
    return ((this.#waiting.length + 1) / size) * this.#handlerTime.lowestOccupied(now)
  }

  #createRun(request: ReceivedRequest<T>, key: unknown): HandlerRun<T> {
    return contextOf(request).responder.endpoint.responses === 'many'
      ? new StreamResponseRun(this.#runOptions, request, key)
      : new SingleResponseRun(this.#runOptions, request, key)
  }

  #start(run: HandlerRun<T>): void {
    this.#running.push(run)
    run.context.acknowledgeOnStart()
    run.start()
  }

  /** Returns whether the request waits for room, and not for its key. */
  #enqueue(run: HandlerRun<T>): boolean {
    run.expireWhileWaiting()
    return this.#waiting.push(run)
  }

  #finish(run: HandlerRun<T>, outcome: OutcomeDetails): void {
    this.#remove(run)
    const now = run.context.settledAt ?? run.context.responder.now()
    this.#measure(run, outcome, now)
    this.#report(run, outcome, now)
    this.startNext()
    this.#completeIfIdle()
  }

  /** Measures the handler alone: while the broker is away, no response is acknowledged, however fast handlers are. */
  #measure({ startedAt, handledAt, context }: HandlerRun<T>, { outcome }: OutcomeDetails, now: number): void {
    if (startedAt === undefined || handledAt === undefined) return
    this.#handlerTime.add(handledAt - startedAt, runEndOf(outcome, context, handledAt), now)
    this.#limit.onEnd(this.#handlerTime.average)
  }

  #completeIfIdle(): void {
    if (this.isIdle) this.#options.onIdle()
  }

  /** Removes a running or queued request; returns whether there was one. */
  #remove(run: HandlerRun<T>): boolean {
    if (!this.#running.remove(run)) return this.#waiting.remove(run)
    this.#waiting.release(run.key)
    return true
  }

  #report({ request, context, startedAt }: HandlerRun<T>, outcome: OutcomeDetails, now: number): void {
    const { endpoint, params, message, receivedAt } = request
    // Setting the system clock in the meantime does not change the duration.
    const offset = receivedAt - context.receivedAt
    context.responder.stats[outcome.outcome]++
    context.responder.events.responder?.settled(context, outcome, startedAt, now)
    const record: Mutable<ServeRecord<T>> = {
      endpoint,
      params,
      request: message,
      outcome: outcome.outcome,
      receivedAt,
      endedAt: now + offset,
    }
    // No spread: it would take as long as reading the request, see decision 0009.
    if (startedAt !== undefined) record.startedAt = startedAt + offset
    if (outcome.status !== undefined) record.status = outcome.status
    if (outcome.hasUnsentResponse !== undefined) record.hasUnsentResponse = outcome.hasUnsentResponse
    if ('error' in outcome) record.error = outcome.error
    this.#options.onServed(record)
  }
}

function drainTimedOut(): AntiphonError<'timeout'> {
  const text = 'cannot respond: the broker has sent no acknowledgement within drainTimeout'
  return new AntiphonError('timeout', text)
}
