import { Observable, type Observer, type OperatorFunction } from 'rxjs'
import { requireNumber } from '../argument.js'
import { AntiphonError } from '../errors.js'
import { Fifo } from '../link/fifo.js'

/** How the exchanges of one `request$` stream go side by side. */
export interface FlattenOptions {
  /** How many may be open at once. @defaultValue Infinity */
  readonly concurrency?: number
  /** How many questions may wait for one of them to end; one more fails with `overflow`. @defaultValue Infinity */
  readonly queue?: number
  /** Give the answers in the order of the questions, whatever the order in which they come. @defaultValue false */
  readonly ordered?: boolean
  /**
   * What a question does that comes while another is open: go along with it like `mergeMap`, cancel it like `switchMap`,
   * or be left out like `exhaustMap`.
   * @defaultValue 'merge'
   */
  readonly overlap?: 'merge' | 'switch' | 'exhaust'
}

/** Something started that can be given up. */
export interface Started {
  readonly cancel: () => void
}

/** Who hears of one question's answers and their end. */
export type FlattenOutcome<R> = Pick<Observer<R>, 'next' | 'error' | 'complete'>

/** What is done with each question. */
export interface Flattening<A, R> {
  /** Starts the work; its outcome may come at once. */
  readonly start: (ask: A, outcome: FlattenOutcome<R>) => Started
  /** There is no room for one more. */
  readonly refuse: (error: AntiphonError, answers: FlattenOutcome<R>) => void
}

/** One question under way, with the answers it may not give yet. */
interface Slot<R> {
  started: Started | undefined
  readonly held: R[]
  isDone: boolean
}

/** Turns a stream of questions into a stream of answers. */
export function flatten<A, R>(
  { start, refuse }: Flattening<A, R>,
  options: FlattenOptions,
): OperatorFunction<A, R> {
  const { ordered = false, overlap = 'merge' } = options
  const concurrency = requireNumber('concurrency', options.concurrency ?? Infinity, {
    least: 1,
    isWhole: true,
  })
  const queue = requireNumber('queue', options.queue ?? Infinity, { least: 0, isWhole: true })
  return (source) =>
    new Observable((subscriber) => {
      const open = new Set<Slot<R>>()
      const waiting = new Fifo<A>()
      let isRunning = 0
      let isSourceDone = false

      const completeWhenDone = (): void => {
        if (isSourceDone && open.size === 0 && waiting.length === 0) subscriber.complete()
      }
      /** In order, only the oldest speaks; those behind it hold their answers. */
      const mayEmit = (slot: Slot<R>): boolean => !ordered || open.values().next().value === slot
      const release = (): void => {
        for (const slot of open) {
          for (const value of slot.held.splice(0)) subscriber.next(value)
          if (!slot.isDone) return
          open.delete(slot)
        }
      }
      const begin = (ask: A): void => {
        const slot: Slot<R> = { started: undefined, held: [], isDone: false }
        open.add(slot)
        isRunning++
        slot.started = start(ask, {
          next: (value) => {
            if (mayEmit(slot)) subscriber.next(value)
            else slot.held.push(value)
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            slot.isDone = true
            isRunning--
            if (ordered) release()
            else open.delete(slot)
            while (isRunning < concurrency && waiting.length > 0) begin(waiting.shift() as A)
            completeWhenDone()
          },
        })
        if (subscriber.closed) slot.started.cancel()
      }
      const cancelAll = (): void => {
        const slots = [...open]
        open.clear()
        for (const slot of slots) {
          if (!slot.isDone) isRunning--
          slot.isDone = true
          slot.started?.cancel()
        }
      }

      subscriber.add(cancelAll)
      subscriber.add(
        source.subscribe({
          next: (ask) => {
            if (overlap === 'exhaust' && open.size > 0) return
            if (overlap === 'switch') cancelAll()
            if (isRunning < concurrency) begin(ask)
            else if (waiting.length < queue) waiting.push(ask)
            else refuse(overflow(concurrency, queue), subscriber)
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            isSourceDone = true
            completeWhenDone()
          },
        }),
      )
    })
}

/** There is no room for another question. */
function overflow(concurrency: number, queue: number): AntiphonError<'overflow'> {
  const why = `${concurrency} questions are open and ${queue} wait, which is all this request$ allows`
  return new AntiphonError('overflow', `${why}: ask more slowly, or raise concurrency or queue`, {
    phase: 'before-network',
  })
}
