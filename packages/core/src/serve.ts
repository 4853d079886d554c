import { Observable, type OperatorFunction, type Subscription } from 'rxjs'
import { requireNumber } from './argument.js'
import type { EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { Line, Place } from './link/line.js'
import { listen } from './listen.js'
import type { Message } from './message.js'
import { BUSY } from './responder/failures.js'
import type { Handler } from './responder/handler.js'
import { handle } from './responder/handling.js'
import { endingOf, type Ending, type ServeOutcome } from './responder/outcome.js'
import { inHandOf, type ServedRequest } from './responder/served-request.js'

/** How requests are handled. */
export interface ServeOptions {
  /** How many handlers run at once. @defaultValue 256 */
  readonly concurrency?: number
  /** How many requests wait for one of them to end; one more is answered 503. @defaultValue 10 000 */
  readonly queue?: number
  /** Milliseconds a handler may take, beside what the caller allows. @defaultValue Infinity */
  readonly timeLimit?: number
  /** When it emits: new requests are answered 503, what is in hand is finished, then the stream completes. */
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
interface Run {
  readonly run: Subscription
  readonly startedAt: number
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
  options: ServeOptions = {},
): OperatorFunction<ServedRequest<T>, ServeRecord<T>> {
  const concurrency = requireNumber('concurrency', options.concurrency ?? 256, { least: 1, isWhole: true })
  const queue = requireNumber('queue', options.queue ?? 10_000, { least: 0, isWhole: true })
  const timeLimit = requireNumber('timeLimit', options.timeLimit ?? Infinity, { least: 1e-3 })
  return (source) =>
    new Observable((subscriber) => {
      const running = new Map<ServedRequest<T>, Run>()
      const waiting = new Line<ServedRequest<T>>()
      let isClosing = false
      let isStarting = false

      const completeWhenDone = (): void => {
        if (isClosing && running.size === 0 && waiting.length === 0) subscriber.complete()
      }
      const report = (request: ServedRequest<T>, ending: Ending, startedAt?: number): void => {
        const { endpoint, params, message, receivedAt } = request
        const endedAt = inHandOf(request).link.scheduler.now()
        const times = startedAt === undefined ? { receivedAt, endedAt } : { receivedAt, startedAt, endedAt }
        subscriber.next({ endpoint, params, request: message, ...times, ...ending })
      }
      const start = (request: ServedRequest<T>): void => {
        const startedAt = inHandOf(request).link.scheduler.now()
        let isEnded = false
        const ended = (ending: Ending): void => {
          isEnded = true
          running.delete(request)
          report(request, ending, startedAt)
          startNext()
          completeWhenDone()
        }
        const run = handle({ handler, request, timeLimit, ended })
        if (!isEnded) running.set(request, { run, startedAt })
      }
      const startNext = (): void => {
        // A handler that ends at once comes back here; a loop serves it, not a pile of calls.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) start(next)
        isStarting = false
      }
      const takeNext = (): ServedRequest<T> | undefined =>
        running.size < concurrency ? waiting.shift() : undefined
      const enqueue = (request: ServedRequest<T>): void => {
        const place = new Place(request)
        waiting.push(place)
        inHandOf(request).served.onCancel = () => {
          place.leave()
          report(request, { outcome: 'cancelled' })
          completeWhenDone()
        }
      }
      const turnAway = (request: ServedRequest<T>): void =>
        inHandOf(request).served.turnAway(BUSY, (sent) =>
          report(request, endingOf({ outcome: 'busy', status: BUSY.code }, sent)),
        )

      /** Lets go of all that `isConcerned` holds for, unanswered and unacknowledged. */
      const letGo = (isConcerned: (request: ServedRequest<T>) => boolean, ending?: Ending): void => {
        for (const [request, { run, startedAt }] of running) {
          if (!isConcerned(request)) continue
          running.delete(request)
          run.unsubscribe()
          inHandOf(request).served.abandon()
          if (ending !== undefined) report(request, ending, startedAt)
        }
        for (let next = waiting.first; next !== undefined && isConcerned(next); next = waiting.first) {
          waiting.shift()
          inHandOf(next).served.abandon()
          if (ending !== undefined) report(next, ending)
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
          else if (running.size < concurrency && waiting.length === 0) start(request)
          else if (waiting.length < queue) enqueue(request)
          else turnAway(request)
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          // Where it ended because the link is closed, there is nobody to answer any more.
          letGo((request) => inHandOf(request).served.isStranded, { outcome: 'unsent', error: linkClosed() })
          close()
        },
      })
    })
}

function linkClosed(): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', 'the link was closed before there was an answer')
}
