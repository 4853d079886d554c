import type { Endpoint } from './endpoint.js'
import type { RequestArgument, EndpointTypes } from './endpoint-types.js'
import { requireArgument } from './argument.js'
import { AntiphonError } from './errors.js'
import { requesterContext, startExchange } from './requester/requester-context.js'
import type { Cancellable } from './requester/flatten.js'
import type { ExchangeObserver } from './requester/exchange.js'
import { ManyResponses } from './requester/many-responses.js'
import { exchangeOptionRules, type ExchangeOptions } from './requester/options.js'
import type { Link } from './link/link.js'
import { ItemQueue } from './stream/item-queue.js'

/** The default of `credit` for a `for await` loop. */
const DEFAULT_CREDIT = 64

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
    // With `isLast`, there is no credit to grant as items are consumed.
    const responses = endpoint.isLast === undefined ? new ManyResponses(requester.rules, false) : undefined
    const items = new ItemQueue<T['response']>(() => responses?.consumed())
    let exchange: Cancellable | undefined
    const observer: ExchangeObserver = {
      next: (value) => items.push(value),
      error: (error: unknown) => items.end(AntiphonError.from(error)),
      complete: () => items.end(),
    }
    let isLeft = false
    return {
      next: () => {
        const item = items.read()
        if (!isLeft) exchange ??= startExchange(requester, request, observer, responses)
        return item
      },
      return: () => {
        isLeft = true
        exchange?.cancel()
        return Promise.resolve(items.close())
      },
    }
  }
  return { [Symbol.asyncIterator]: iterate }
}
