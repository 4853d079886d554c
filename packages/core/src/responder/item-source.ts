import { defer, isObservable, Subject, takeUntil, type ObservableInput } from 'rxjs'
import { Fifo } from '../link/fifo.js'

/** What a source has to say when it is asked for its next item. */
export type NextItem =
  | { readonly kind: 'item'; readonly value: unknown }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: unknown }
  /** Nothing yet; `onReady` tells when it is worth asking again. */
  | { readonly kind: 'wait' }

/** A handler's answers, taken one by one. */
export interface ItemSource {
  /** An end or an error comes also while no item is wanted, where it is known without asking for one. */
  readonly next: (isItemWanted: boolean) => NextItem
  readonly stop: () => void
}

/** How many items of an Observable wait for a slow caller before the handler is taken to be out of hand. */
const BUFFER_LIMIT = 10_000

const WAIT: NextItem = { kind: 'wait' }
const END: NextItem = { kind: 'end' }

/**
 * Starts a handler and takes its answers as they are wanted. Iterables of both kinds are asked only for what is wanted,
 * so that demand reaches them; Observables and Promises, which cannot be asked, are kept waiting in a bounded buffer.
 */
export function itemSource(start: () => ObservableInput<unknown>, onReady: () => void): ItemSource {
  let input: ObservableInput<unknown>
  try {
    input = start()
  } catch (error) {
    return { next: () => ({ kind: 'error', error }), stop: () => undefined }
  }
  if (!isObservable(input) && isAsyncIterable(input))
    return fromAsyncIterator(input[Symbol.asyncIterator](), onReady)
  if (!isObservable(input) && isIterable(input)) return fromIterator(input[Symbol.iterator]())
  return fromPush(input, onReady)
}

function fromIterator(iterator: Iterator<unknown, unknown>): ItemSource {
  return {
    next: (isItemWanted) => {
      if (!isItemWanted) return WAIT
      try {
        const { done, value } = iterator.next()
        return done === true ? END : { kind: 'item', value }
      } catch (error) {
        return { kind: 'error', error }
      }
    },
    stop: () => void iterator.return?.(),
  }
}

function fromAsyncIterator(iterator: AsyncIterator<unknown>, onReady: () => void): ItemSource {
  let found: NextItem = WAIT
  let isAsked = false
  const ready = (item: NextItem): void => {
    found = item
    isAsked = false
    onReady()
  }
  return {
    next: (isItemWanted) => {
      if (!isItemWanted) return WAIT
      const item = found
      found = item.kind === 'item' ? WAIT : item
      if (item.kind === 'wait' && !isAsked) {
        isAsked = true
        iterator.next().then(
          ({ done, value }) => ready(done === true ? END : { kind: 'item', value }),
          (error: unknown) => ready({ kind: 'error', error }),
        )
      }
      return item
    },
    stop: () => void iterator.return?.()?.catch(() => undefined),
  }
}

function fromPush(input: ObservableInput<unknown>, onReady: () => void): ItemSource {
  const come = new Fifo<NextItem>()
  const stopped = new Subject<void>()
  const push = (item: NextItem): void => {
    come.push(item)
    onReady()
  }
  defer(() => input)
    .pipe(takeUntil(stopped))
    .subscribe({
      next: (value) => {
        if (come.length < BUFFER_LIMIT) {
          push({ kind: 'item', value })
          return
        }
        const why = `${BUFFER_LIMIT} items wait for the caller: answer with an iterable, which can be asked`
        come.push({ kind: 'error', error: new Error(why) })
        stopped.next()
      },
      error: (error: unknown) => push({ kind: 'error', error }),
      complete: () => push(END),
    })
  return {
    next: (isItemWanted) => (isItemWanted || come.peek()?.kind !== 'item' ? come.shift() : undefined) ?? WAIT,
    stop: () => stopped.next(),
  }
}

function isAsyncIterable(input: object): input is AsyncIterable<unknown> {
  return Symbol.asyncIterator in input
}

function isIterable(input: object): input is Iterable<unknown> {
  return Symbol.iterator in input
}
