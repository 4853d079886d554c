import type { RequestArgument, Endpoint, EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { startExchange, requesterContext, toRequestParts } from './requester/requester-context.js'
import type { Started } from './requester/flatten.js'
import { ManyResponses } from './requester/many-responses.js'
import type { ExchangeOptions } from './requester/options.js'
import { Fifo } from './link/fifo.js'
import type { Link } from './link/link.js'

/** How many items are on their way to a `for await` loop unless it says otherwise. */
const DEFAULT_CREDIT = 64

/** Who waits for the next item of an iteration. */
interface Reader<A> {
  readonly resolve: (result: IteratorResult<A, undefined>) => void
  readonly reject: (error: AntiphonError) => void
}

/**
 * The answers of a `many` endpoint for a `for await` loop. The loop sets the pace: an item counts as taken when the loop
 * asks for it, and a responder that answers with an iterable is asked for no more than `credit` ahead.
 *
 * Asks when the loop begins. Leaving the loop early cancels the exchange; a failed exchange throws an `ExchangeError`
 * into it.
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
  const iterate = (): AsyncIterator<T['response'], undefined> => {
    const come = new Fifo<T['response']>()
    const takers = new Fifo<Reader<T['response']>>()
    let end: { readonly error?: AntiphonError } | undefined
    let started: Started | undefined
    let responses: ManyResponses | undefined

    const requester = requesterContext(
      link,
      endpoint,
      options,
      (_, { timeout, credit = DEFAULT_CREDIT }) =>
        () => {
          responses = new ManyResponses({ timeout, credit, isConsumedOnArrival: false })
          return responses
        },
    )
    const settleEnd = (): void => {
      for (let taker = takers.shift(); taker !== undefined; taker = takers.shift()) {
        if (end?.error !== undefined) taker.reject(end.error)
        else taker.resolve({ done: true, value: undefined })
        // An error is thrown once; asked again, the iteration is over.
        end = {}
      }
    }
    const start = (): Started =>
      startExchange(requester, toRequestParts(endpoint, request), {
        next: (value) => {
          const taker = takers.shift()
          if (taker === undefined) come.push(value)
          else {
            responses?.consumed()
            taker.resolve({ done: false, value: value as T['response'] })
          }
        },
        error: (error: unknown) => {
          end = { error: AntiphonError.from(error) }
          settleEnd()
        },
        complete: () => {
          end = {}
          settleEnd()
        },
      })
    return {
      next: () =>
        new Promise((resolve, reject) => {
          if (come.length > 0) {
            responses?.consumed()
            resolve({ done: false, value: come.shift() })
            return
          }
          takers.push({ resolve, reject })
          if (end !== undefined) settleEnd()
          else started ??= start()
        }),
      return: () => {
        end = {}
        started?.cancel()
        come.clear()
        settleEnd()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
  return { [Symbol.asyncIterator]: iterate }
}
