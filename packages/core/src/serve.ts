import { Observable, type OperatorFunction, type Unsubscribable } from 'rxjs'
import { requireNumber } from './argument.js'
import type { EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { Line, type Queued } from './line.js'
import { listen } from './listen.js'
import type { Message } from './message.js'
import { BUSY, toFailure } from './responder/failures.js'
import type { Handler, HandlingParts } from './responder/handler.js'
import { handle } from './responder/handling.js'
import { endingOf, type Ending, type ServeOutcome } from './responder/outcome.js'
import { servedOf, type ServedRequest } from './responder/served-request.js'
import { Turns, Waiter } from './responder/turns.js'

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
  readonly orderedBy?: (request: ServedRequest<T>) => unknown
  /** Milliseconds a handler may take, beside what the caller allows. @defaultValue Infinity */
  readonly timeLimit?: number
  /**
   * When it emits: new requests are answered 503 or, where no status can travel, left to the broker unacknowledged; what
   * is in hand is finished, then the stream completes.
   */
  readonly drain$?: Observable<unknown>
}

/** What became of one request. Times are milliseconds on the link's clock. */
export interface ServeRecord<T extends EndpointTypes = EndpointTypes> extends Ending {
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
class Run<T extends EndpointTypes> implements HandlingParts<T>, Queued<Run<T>> {
  readonly handler: Handler<T>
  readonly request: ServedRequest<T>
  readonly timeLimit: number
  readonly key: unknown
  readonly startedAt: number
  handling: Unsubscribable | undefined
  line: Line<Run<T>> | undefined = undefined
  before: Run<T> | undefined = undefined
  behind: Run<T> | undefined = undefined
  readonly #over: (run: Run<T>, ending: Ending) => void

  constructor(
    { handler, request, timeLimit, key }: Pick<Run<T>, 'handler' | 'request' | 'timeLimit' | 'key'>,
    over: (run: Run<T>, ending: Ending) => void,
  ) {
    this.handler = handler
    this.request = request
    this.timeLimit = timeLimit
    this.key = key
    this.startedAt = servedOf(request).link.scheduler.now()
    this.#over = over
  }

  ended(ending: Ending): void {
    this.#over(this, ending)
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
): OperatorFunction<ServedRequest<T>, ServeRecord<T>> {
  const { orderedBy } = options
  const concurrency = requireNumber('concurrency', options.concurrency ?? 256, { least: 1, isWhole: true })
  const queue = requireNumber('queue', options.queue ?? 10_000, { least: 0, isWhole: true })
  const timeLimit = requireNumber('timeLimit', options.timeLimit ?? Infinity, { least: 1e-3 })
  return (source) =>
    new Observable((subscriber) => {
      const running = new Line<Run<T>>()
      const turns = new Turns<ServedRequest<T>>()
      let isClosing = false
      let isStarting = false

      const completeWhenDone = (): void => {
        if (isClosing && running.length === 0 && turns.length === 0) subscriber.complete()
      }
      const report = (request: ServedRequest<T>, ending: Ending, startedAt?: number): void => {
        const { endpoint, params, message, receivedAt } = request
        const served = servedOf(request)
        const endedAt = served.link.scheduler.now()
        served.count(ending.outcome)
        const times = startedAt === undefined ? { receivedAt, endedAt } : { receivedAt, startedAt, endedAt }
        subscriber.next({ endpoint, params, request: message, ...times, ...ending })
      }
      const over = (run: Run<T>, ending: Ending): void => {
        running.remove(run)
        turns.pass(run.key)
        report(run.request, ending, run.startedAt)
        startNext()
        completeWhenDone()
      }
      const start = (request: ServedRequest<T>, key: unknown): void => {
        const run = new Run<T>({ handler, request, timeLimit, key }, over)
        running.push(run)
        const handling = handle(run)
        // It may have ended, or been let go of, while it was being started.
        if (running.has(run)) run.handling = handling
        else handling.unsubscribe()
      }
      const startNext = (): void => {
        // A handler that ends at once comes back here; a loop serves it, not a pile of calls.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) start(next.holder, next.key)
        isStarting = false
      }
      const takeNext = (): Waiter<ServedRequest<T>> | undefined =>
        running.length < concurrency ? turns.next() : undefined
      const enqueue = (request: ServedRequest<T>, key: unknown): void => {
        const waiter = new Waiter(request, key)
        turns.wait(waiter)
        servedOf(request).onCancel = () => {
          turns.leave(waiter)
          report(request, { outcome: 'cancelled' })
          startNext()
          completeWhenDone()
        }
      }
      const turnAway = (request: ServedRequest<T>): void => {
        const served = servedOf(request)
        if (served.canTell(BUSY)) {
          served.turnAway(BUSY, (sent) =>
            report(request, endingOf({ outcome: 'busy', status: BUSY.code }, sent)),
          )
          return
        }
        served.abandon()
        report(request, { outcome: 'busy' })
      }
      /** One that can be told nothing waits beyond the queue's end: there, the broker bounds how many they are. */
      const mayWait = (request: ServedRequest<T>): boolean => {
        if (turns.length < queue) return true
        const served = servedOf(request)
        return served.isKeptByBroker && !served.canTell(BUSY)
      }
      const admit = (request: ServedRequest<T>): void => {
        let key: unknown
        try {
          key = orderedBy?.(request)
        } catch (error) {
          const failure = toFailure(error)
          servedOf(request).fail(failure, (sent) =>
            report(request, endingOf({ outcome: 'failed', status: failure.code, error }, sent)),
          )
          return
        }
        if (running.length < concurrency && turns.take(key)) start(request, key)
        else if (mayWait(request)) enqueue(request, key)
        else turnAway(request)
      }

      /** Lets go of all that `isConcerned` holds for, unanswered and unacknowledged. */
      const letGo = (isConcerned: (request: ServedRequest<T>) => boolean, ending?: Ending): void => {
        for (const run of running.all) {
          const { request, handling, startedAt, key } = run
          if (!isConcerned(request) || !running.remove(run)) continue
          handling?.unsubscribe()
          servedOf(request).abandon()
          turns.pass(key)
          if (ending !== undefined) report(request, ending, startedAt)
        }
        for (const waiter of turns.all) {
          const { holder: request } = waiter
          if (!isConcerned(request)) continue
          turns.leave(waiter)
          servedOf(request).abandon()
          if (ending !== undefined) report(request, ending)
        }
      }

      subscriber.add(() => letGo(() => true))
      const close = (): void => {
        isClosing = true
        completeWhenDone()
      }
      if (options.drain$ !== undefined) subscriber.add(options.drain$.subscribe(close))
      listen(source, subscriber, {
        next: (request) => {
          if (isClosing) turnAway(request)
          else admit(request)
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          // Where it ended because the link is closed, there is nobody to answer any more.
          letGo((request) => servedOf(request).isStranded, { outcome: 'unsent', error: linkClosed() })
          startNext()
          close()
        },
      })
    })
}

function linkClosed(): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', 'the link was closed before there was an answer')
}
