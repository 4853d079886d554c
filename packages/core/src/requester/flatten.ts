import { Observable, type Observer, type OperatorFunction } from 'rxjs'
import { AntiphonError } from '../errors.js'
import { Fifo } from '../link/fifo.js'
import { LinkedQueue, type ListNode } from '../linked-queue.js'
import { countRule, type OptionRules, wholeNumberRule } from '../option-rules.js'
import { subscribeWhileOpen } from '../subscribe-while-open.js'

/** How `request$` handles concurrent requests. */
export interface FlattenOptions {
  /** The maximum number of pending requests. @defaultValue Infinity */
  readonly concurrency?: number
  /** The maximum number of queued requests beyond `concurrency`; one more fails with `overflow`. @defaultValue Infinity */
  readonly queue?: number
  /** Emit the responses in the order of the requests, not of their arrival. @defaultValue false */
  readonly ordered?: boolean
  /**
   * What a new request does while another is pending: `merge` runs both like `mergeMap`, `switch` cancels the earlier one
   * like `switchMap`, `exhaust` drops the new one like `exhaustMap`.
   * @defaultValue 'merge'
   */
  readonly overlap?: 'merge' | 'switch' | 'exhaust'
}

/** The rules of `FlattenOptions`. */
export const flattenOptionRules: OptionRules<FlattenOptions> = {
  concurrency: countRule,
  queue: wholeNumberRule(0),
  ordered: [true, false],
  overlap: ['merge', 'switch', 'exhaust'],
}

/** Work in progress that can be cancelled. */
export interface Cancellable {
  readonly cancel: () => void
}

/** The observer of one request. */
export type FlattenObserver<R> = Pick<Observer<R>, 'next' | 'error' | 'complete'>

/** What `flatten` does with each request. */
export interface FlattenWork<A, R> {
  /** Starts a request. It may emit and complete synchronously; cancelling it after its end has no effect. */
  readonly start: (request: A, observer: FlattenObserver<R>) => Cancellable
  /** Handles a request that exceeds the queue. */
  readonly reject: (error: AntiphonError, observer: FlattenObserver<R>) => void
}

/** The callbacks that all slots of one subscription share. */
interface SlotListener<A, R> {
  readonly onNext: (slot: Slot<A, R>, value: R) => void
  readonly onError: (error: unknown) => void
  readonly onComplete: (slot: Slot<A, R>) => void
}

/** A queued or pending request with its buffered responses. It is its own observer, to save an allocation. */
class Slot<A, R> implements FlattenObserver<R>, ListNode<Slot<A, R>> {
  /** The queue of all slots that have not completed. */
  queue: LinkedQueue<Slot<A, R>> | undefined = undefined
  prevNode: Slot<A, R> | undefined = undefined
  nextNode: Slot<A, R> | undefined = undefined
  readonly request: A
  buffered: R[] | undefined
  running: Cancellable | undefined
  isPending = false
  isDone = false
  readonly #listener: SlotListener<A, R>

  constructor(request: A, listener: SlotListener<A, R>) {
    this.request = request
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

/** Returns the operator that starts each source value as a request and emits the responses. */
export function flatten<A, R>(
  { start, reject }: FlattenWork<A, R>,
  { concurrency = Infinity, queue = Infinity, ordered = false, overlap = 'merge' }: FlattenOptions,
): OperatorFunction<A, R> {
  return (source) =>
    new Observable((subscriber) => {
      const slots = new LinkedQueue<Slot<A, R>>()
      const queued = new Fifo<Slot<A, R>>()
      let pending = 0
      let isSourceDone = false
      let isStarting = false

      const completeWhenDone = (): void => {
        if (isSourceDone && slots.length === 0) subscriber.complete()
      }
      /** With `ordered`, only the oldest request emits; the others buffer. */
      const canEmit = (slot: Slot<A, R>): boolean => !ordered || slots.first === slot
      const emitBuffered = (): void => {
        for (let slot = slots.first; slot !== undefined; slot = slots.first) {
          // Re-read the buffer each time: the subscriber may cause further responses synchronously.
          while (slot.buffered !== undefined && slot.buffered.length > 0)
            subscriber.next(slot.buffered.shift() as R)
          if (!slot.isDone) return
          slots.remove(slot)
        }
      }
      const end = (slot: Slot<A, R>): void => {
        slot.isDone = true
        if (slot.isPending) pending--
      }
      const listener: SlotListener<A, R> = {
        onNext: (slot, value) => {
          if (canEmit(slot)) subscriber.next(value)
          else (slot.buffered ??= []).push(value)
        },
        onError: (error) => subscriber.error(error),
        onComplete: (slot) => {
          end(slot)
          if (ordered) emitBuffered()
          else slots.remove(slot)
          startQueued()
          completeWhenDone()
        },
      }
      const startSlot = (slot: Slot<A, R>): void => {
        slot.isPending = true
        pending++
        slot.running = start(slot.request, slot)
        // It was cancelled while `start` ran.
        if (slot.isDone || subscriber.closed) slot.running.cancel()
      }
      const startQueued = (): void => {
        // A request that completes synchronously re-enters here; the loop avoids recursion.
        if (isStarting) return
        isStarting = true
        for (let next = takeNext(); next !== undefined; next = takeNext()) startSlot(next)
        isStarting = false
      }
      const takeNext = (): Slot<A, R> | undefined => (pending < concurrency ? queued.shift() : undefined)
      const cancelAll = (): void => {
        const cancelled = slots.clear()
        queued.clear()
        for (const slot of cancelled) {
          if (slot.isDone) continue
          end(slot)
          slot.running?.cancel()
        }
      }

      subscriber.add(cancelAll)
      subscribeWhileOpen(source, subscriber, {
        next: (request) => {
          if (overlap === 'exhaust' && slots.length > 0) return
          if (overlap === 'switch') cancelAll()
          const slot = new Slot<A, R>(request, listener)
          slots.push(slot)
          if (pending < concurrency && queued.length === 0) startSlot(slot)
          else if (queued.length < queue) queued.push(slot)
          else reject(overflow(concurrency, queue), slot)
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          isSourceDone = true
          completeWhenDone()
        },
      })
    })
}

function overflow(concurrency: number, queue: number): AntiphonError<'overflow'> {
  const fault = `request$ has ${concurrency} pending requests and ${queue} queued`
  return new AntiphonError('overflow', `${fault}. Slow down the source, or raise concurrency or queue`, {
    phase: 'before-network',
  })
}
