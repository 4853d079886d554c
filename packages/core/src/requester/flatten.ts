import { Observable, type Observer, type OperatorFunction } from 'rxjs'
import { requireNumber } from '../argument.js'
import { AntiphonError } from '../errors.js'
import { Fifo } from '../link/fifo.js'
import { LinkedQueue, type ListNode } from '../linked-queue.js'
import { subscribeWhileOpen } from '../subscribe-while-open.js'

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
export type FlattenObserver<R> = Pick<Observer<R>, 'next' | 'error' | 'complete'>

/** What is done with each question. */
export interface FlattenWork<A, R> {
  /** Starts the work; its outcome may come at once. Cancelling what has ended does nothing. */
  readonly start: (sendRequest: A, outcome: FlattenObserver<R>) => Started
  /** There is no room for one more. */
  readonly refuse: (error: AntiphonError, outcome: FlattenObserver<R>) => void
}

/** Who is told what becomes of a question. */
interface SlotListener<A, R> {
  readonly onNext: (slot: Slot<A, R>, value: R) => void
  readonly onError: (error: unknown) => void
  readonly onComplete: (slot: Slot<A, R>) => void
}

/** One question, waiting or under way, with the answers it may not give yet; hears its own outcome. */
class Slot<A, R> implements FlattenObserver<R>, ListNode<Slot<A, R>> {
  /** Of those that are open. */
  queue: LinkedQueue<Slot<A, R>> | undefined = undefined
  prevNode: Slot<A, R> | undefined = undefined
  nextNode: Slot<A, R> | undefined = undefined
  readonly request: A
  buffered: R[] | undefined
  started: Started | undefined
  isRunning = false
  isDone = false
  readonly #listener: SlotListener<A, R>

  constructor(sendRequest: A, listener: SlotListener<A, R>) {
    this.request = sendRequest
    this.#listener = listener
  }

  next(value: R): void {
    if (!this.isDone) this.#listener.onNext(this, value)
  }

  error(error: unknown): void {
    this.#listener.onError(error)
  }

  complete(): void {
    if (!this.isDone) this.#listener.onComplete(this)
  }
}

/** Turns a stream of questions into a stream of answers. */
export function flatten<A, R>(
  { start, refuse }: FlattenWork<A, R>,
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
      const open = new LinkedQueue<Slot<A, R>>()
      const waiting = new Fifo<Slot<A, R>>()
      let running = 0
      let isSourceDone = false
      let isStarting = false

      const completeWhenDone = (): void => {
        if (isSourceDone && open.length === 0) subscriber.complete()
      }
      /** In order, only the oldest speaks; those behind it hold their answers. */
      const mayEmit = (slot: Slot<A, R>): boolean => !ordered || open.first === slot
      const release = (): void => {
        for (let slot = open.first; slot !== undefined; slot = open.first) {
          // One by one: who hears them may bring about the next.
          while (slot.buffered !== undefined && slot.buffered.length > 0)
            subscriber.next(slot.buffered.shift() as R)
          if (!slot.isDone) return
          open.remove(slot)
        }
      }
      const end = (slot: Slot<A, R>): void => {
        slot.isDone = true
        if (slot.isRunning) running--
      }
      const listener: SlotListener<A, R> = {
        onNext: (slot, value) => {
          if (mayEmit(slot)) subscriber.next(value)
          else (slot.buffered ??= []).push(value)
        },
        onError: (error) => subscriber.error(error),
        onComplete: (slot) => {
          end(slot)
          if (ordered) release()
          else open.remove(slot)
          startWaiting()
          completeWhenDone()
        },
      }
      const begin = (slot: Slot<A, R>): void => {
        slot.isRunning = true
        running++
        slot.started = start(slot.request, slot)
        // It was given up while it was being started.
        if (slot.isDone || subscriber.closed) slot.started.cancel()
      }
      const startWaiting = (): void => {
        // What ends at once comes back here; a loop serves it, not a pile of calls.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) begin(next)
        isStarting = false
      }
      const takeNext = (): Slot<A, R> | undefined => (running < concurrency ? waiting.shift() : undefined)
      const cancelAll = (): void => {
        const slots = open.clear()
        waiting.clear()
        for (const slot of slots) {
          if (slot.isDone) continue
          end(slot)
          slot.started?.cancel()
        }
      }

      subscriber.add(cancelAll)
      subscribeWhileOpen(source, subscriber, {
        next: (sendRequest) => {
          if (overlap === 'exhaust' && open.length > 0) return
          if (overlap === 'switch') cancelAll()
          const slot = new Slot<A, R>(sendRequest, listener)
          open.push(slot)
          if (running < concurrency && waiting.length === 0) begin(slot)
          else if (waiting.length < queue) waiting.push(slot)
          else refuse(overflow(concurrency, queue), slot)
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          isSourceDone = true
          completeWhenDone()
        },
      })
    })
}

/** There is no room for another question. */
function overflow(concurrency: number, queue: number): AntiphonError<'overflow'> {
  const why = `${concurrency} questions are open and ${queue} wait, which is all this request$ allows`
  return new AntiphonError('overflow', `${why}: ask more slowly, or raise concurrency or queue`, {
    phase: 'before-network',
  })
}
