import type { Deadlines } from '@antiphon/core/link'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import type { InvokeFault } from './platform.js'

/** An invocation with a retry token. */
export interface RetriedCall {
  readonly instanceId: string
  readonly token: string
  /** The body, which must be the same in each attempt. */
  readonly body: unknown
}

/** How long a retry token is remembered, as in all services of OCI. */
const lifetime = 24 * 3_600_000

/** The retry tokens of the last 24 hours, each with the body and the id of its invocation. */
export class RetryTokens {
  readonly #deadlines: Deadlines
  readonly #calls = new Map<string, { readonly body: string; readonly id: string }>()

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /** Calls `start` for the first call with a token; returns the id of that call for all others with the same body. */
  once({ instanceId, token, body }: RetriedCall, start: () => string): Either<InvokeFault, string> {
    const key = JSON.stringify([instanceId, token])
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const earlier = this.#calls.get(key)
    if (earlier !== undefined) {
      return earlier.body === text ? right(earlier.id) : left({ kind: 'token-reused' })
    }
    const id = start()
    this.#calls.set(key, { body: text, id })
    this.#deadlines.add(lifetime, () => this.#calls.delete(key))
    return right(id)
  }
}
