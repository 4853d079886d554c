import type { RequestArgument, Endpoint, EndpointTypes } from './endpoint.js'
import { requireArgument } from './argument.js'
import { AntiphonError } from './errors.js'
import { requesterContext, startExchange } from './requester/requester-context.js'
import type { Cancellable } from './requester/flatten.js'
import type { ExchangeObserver } from './requester/exchange.js'
import { ManyResponses } from './requester/many-responses.js'
import { exchangeOptionRules, type ExchangeOptions } from './requester/options.js'
import { Fifo } from './link/fifo.js'
import type { Link } from './link/link.js'

/** The default of `credit` for a `for await` loop. */
const DEFAULT_CREDIT = 64

/** A call of the iterator's `next` that waits for an item. */
interface Reader<A> {
  readonly resolve: (result: IteratorResult<A, undefined>) => void
  readonly reject: (error: AntiphonError) => void
}

/**
 * Returns the responses of a `many` endpoint for a `for await` loop, with back-pressure: an item counts as consumed when
 * the loop reads it, and the responder sends at most `credit` items ahead. An endpoint with `cancel: 'local'` sends without limit.
 *
 * Each loop sends a request of its own when it reads the first item. Leaving the loop early cancels the exchange. A failed
 * exchange throws an `ExchangeError` into the loop.
 *
 * @example
 * ```ts
 * for await (const reading of requestMany(link, history, { params: { room }, value: 'today' })) await store(reading)
 * ```
 */
export function requestMany<T extends EndpointTypes & { readonly kind: 'many' }>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: ExchangeOptions = {},
): AsyncIterable<T['response']> {
  requireArgument('options', options, exchangeOptionRules)
  const requester = requesterContext(link, endpoint, {
    ...options,
    ...(endpoint.cancel === 'wire' && { credit: options.credit ?? DEFAULT_CREDIT }),
  })
  const iterate = (): AsyncIterator<T['response'], undefined> => {
    const unread = new Fifo<T['response']>()
    const readers = new Fifo<Reader<T['response']>>()
    const responses = new ManyResponses(requester.rules, false)
    let end: { readonly error?: AntiphonError } | undefined
    let exchange: Cancellable | undefined
    const settleReaders = (): void => {
      for (let reader = readers.shift(); reader !== undefined; reader = readers.shift()) {
        if (end?.error !== undefined) reader.reject(end.error)
        else reader.resolve({ done: true, value: undefined })
        // The iterator protocol: the error is thrown once, then the iteration is done.
        end = {}
      }
    }
    const observer: ExchangeObserver = {
      next: (value) => {
        const reader = readers.shift()
        if (reader === undefined) unread.push(value)
        else {
          responses.consumed()
          reader.resolve({ done: false, value: value as T['response'] })
        }
      },
      error: (error: unknown) => {
        end = { error: AntiphonError.from(error) }
        settleReaders()
      },
      complete: () => {
        end = {}
        settleReaders()
      },
    }
    return {
      next: () =>
        new Promise((resolve, reject) => {
          if (unread.length > 0) {
            responses.consumed()
            resolve({ done: false, value: unread.shift() })
            return
          }
          readers.push({ resolve, reject })
          if (end !== undefined) settleReaders()
          else exchange ??= startExchange(requester, request, observer, responses)
        }),
      return: () => {
        end = {}
        exchange?.cancel()
        unread.clear()
        settleReaders()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
  return { [Symbol.asyncIterator]: iterate }
}
