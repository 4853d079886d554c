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

/** What is stored of an invocation with a retry token. */
export interface StoredToken {
  readonly body: string
  readonly id: string
  /** When the token is forgotten, in milliseconds since 1970. */
  readonly until: number
}

/** What the tokens need of the platform. */
export interface RetryTokensParts {
  readonly deadlines: Deadlines
  readonly now: () => number
  /** Stores a token, or removes it if it has no value. */
  readonly store: (key: string, token?: StoredToken) => void
}

/** The retry tokens of the last 24 hours, each with the body and the id of its invocation. */
export class RetryTokens {
  readonly #parts: RetryTokensParts
  readonly #calls = new Map<string, StoredToken>()

  constructor(parts: RetryTokensParts) {
    this.#parts = parts
  }

  /** Adds a token, or one that was stored. */
  add(key: string, token: StoredToken): void {
    const { deadlines, now, store } = this.#parts
    this.#calls.set(key, token)
    deadlines.add(Math.max(0, token.until - now()), () => {
      this.#calls.delete(key)
      store(key)
    })
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
    const { now, store } = this.#parts
    const added = { body: text, id, until: now() + lifetime }
    this.add(key, added)
    store(key, added)
    return right(id)
  }
}
