import type { Ask, Endpoint, EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { ask, callerOf, toParts } from './exchange/caller.js'
import type { Started } from './exchange/flatten.js'
import { ManyReplies } from './exchange/many-replies.js'
import type { ExchangeOptions } from './exchange/options.js'
import { Fifo } from './link/fifo.js'
import type { Link } from './link/link.js'

/** How many items are on their way to a `for await` loop unless it says otherwise. */
const DEFAULT_CREDIT = 64

/** Who waits for the next item of an iteration. */
interface Taker<A> {
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
  question: Ask<T>,
  options: ExchangeOptions = {},
): AsyncIterable<T['response']> {
  const iterate = (): AsyncIterator<T['response'], undefined> => {
    const come = new Fifo<T['response']>()
    const takers = new Fifo<Taker<T['response']>>()
    let end: { readonly error?: AntiphonError } | undefined
    let started: Started | undefined
    let replies: ManyReplies | undefined

    const caller = callerOf(link, endpoint, options, (_, { timeout, credit = DEFAULT_CREDIT }) => () => {
      replies = new ManyReplies({ patience: timeout, credit, consumesAtOnce: false })
      return replies
    })
    const settleEnd = (): void => {
      for (let taker = takers.shift(); taker !== undefined; taker = takers.shift()) {
        if (end?.error !== undefined) taker.reject(end.error)
        else taker.resolve({ done: true, value: undefined })
        // An error is thrown once; asked again, the iteration is over.
        end = {}
      }
    }
    const start = (): Started =>
      ask(caller, toParts(endpoint, question), {
        next: (value) => {
          const taker = takers.shift()
          if (taker === undefined) come.push(value)
          else {
            replies?.consumed()
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
            replies?.consumed()
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
