import { defer, isObservable, Subject, takeUntil, type ObservableInput } from 'rxjs'
import { Fifo } from '../link/fifo.js'
import { isStream } from './is-stream.js'
import { reportThrown } from './report-thrown.js'

/** What a source returns when it is polled. */
export type NextItem =
  | { readonly kind: 'item'; readonly value: unknown }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: unknown }
  /** Nothing yet; `onReady` is called when polling again is worthwhile. */
  | { readonly kind: 'wait' }

/** The items of a stream that is sent, taken one by one. */
export interface ItemSource {
  /** Polls the source. Without credit it returns no item, but an end or an error that is known without pulling. */
  readonly next: (hasCredit: boolean) => NextItem
  readonly stop: () => void
}

/** How many items of an Observable are buffered for a receiver without credit before the stream fails. */
const BUFFER_LIMIT = 10_000

const WAIT: NextItem = { kind: 'wait' }
const END: NextItem = { kind: 'end' }

/**
 * Starts a stream and returns its items as a source that is polled. `fault` returns the text of the error if `start` returns no
 * stream.
 *
 * Iterables and async iterables are pulled only when their receiver has granted credit, which gives them back-pressure.
 * Observables and Promises push, so their items wait in a bounded buffer.
 */
export function itemSource(
  start: () => unknown,
  onReady: () => void,
  fault: (started: unknown) => string,
): ItemSource {
  try {
    const input = start()
    if (!isStream(input)) throw new TypeError(fault(input))
    if (!isObservable(input) && isAsyncIterable(input))
      return fromAsyncIterator(input[Symbol.asyncIterator](), onReady)
    if (!isObservable(input) && isIterable(input)) return fromIterator(input[Symbol.iterator]())
    return fromPush(input, onReady)
  } catch (error) {
    return { next: () => ({ kind: 'error', error }), stop: () => undefined }
  }
}

function fromIterator(iterator: Iterator<unknown, unknown>): ItemSource {
  let isPulling = false
  let isStopped = false
  return {
    next: (hasCredit) => {
      if (!hasCredit) return WAIT
      isPulling = true
      const item = pull(iterator)
      isPulling = false
      if (isStopped && item.kind === 'item') reportThrown(() => iterator.return?.())
      return item
    },
    // A generator that stops its own stream is running: it cannot return before its next item.
    stop: () => {
      if (isPulling) isStopped = true
      else iterator.return?.()
    },
  }
}

function pull(iterator: Iterator<unknown, unknown>): NextItem {
  try {
    const { done, value } = iterator.next()
    return done === true ? END : { kind: 'item', value }
  } catch (error) {
    return { kind: 'error', error }
  }
}

function fromAsyncIterator(iterator: AsyncIterator<unknown>, onReady: () => void): ItemSource {
  let pulled: NextItem = WAIT
  let isPulling = false
  const onPulled = (item: NextItem): void => {
    pulled = item
    isPulling = false
    onReady()
  }
  return {
    next: (hasCredit) => {
      if (!hasCredit) return WAIT
      const item = pulled
      pulled = item.kind === 'item' ? WAIT : item
      if (item.kind === 'wait' && !isPulling) {
        isPulling = true
        // An executor, so that an iterator that throws rejects.
        new Promise<IteratorResult<unknown>>((resolve) => resolve(iterator.next())).then(
          ({ done, value }) => onPulled(done === true ? END : { kind: 'item', value }),
          (error: unknown) => onPulled({ kind: 'error', error }),
        )
      }
      return item
    },
    stop: () => void iterator.return?.()?.catch(() => undefined),
  }
}

function fromPush(input: ObservableInput<unknown>, onReady: () => void): ItemSource {
  const buffer = new Fifo<NextItem>()
  const stopped = new Subject<void>()
  const push = (item: NextItem): void => {
    buffer.push(item)
    onReady()
  }
  defer(() => input)
    .pipe(takeUntil(stopped))
    .subscribe({
      next: (value) => {
        if (buffer.length < BUFFER_LIMIT) {
          push({ kind: 'item', value })
          return
        }
        const reason = `${BUFFER_LIMIT} items wait for credit: use an iterable, which is pulled on demand`
        buffer.push({ kind: 'error', error: new Error(reason) })
        stopped.next()
      },
      error: (error: unknown) => push({ kind: 'error', error }),
      complete: () => push(END),
    })
  return {
    next: (hasCredit) => (hasCredit || buffer.peek()?.kind !== 'item' ? buffer.shift() : undefined) ?? WAIT,
    stop: () => stopped.next(),
  }
}

function isAsyncIterable(input: object): input is AsyncIterable<unknown> {
  return Symbol.asyncIterator in input
}

function isIterable(input: object): input is Iterable<unknown> {
  return Symbol.iterator in input
}
