/** A signature that has been accepted. */
export interface Nonce {
  /** Whether its message has been acknowledged, so that the broker does not deliver it again. */
  isAcknowledged: boolean
}

interface Entry extends Nonce {
  readonly signedAt: number
  readonly expiresAt: number
}

/**
 * The signatures that have been accepted, until they are too old to be accepted again. If there are too many, the oldest are
 * forgotten, and no signature is accepted any more that is not younger than they are.
 */
export class NonceMemory {
  /** In the order of receipt. */
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  readonly #lifetime: number
  #oldest = -Infinity

  /** `lifetime` are the milliseconds from receipt until a signature is too old. */
  constructor(limit: number, lifetime: number) {
    this.#limit = limit
    this.#lifetime = lifetime
  }

  get size(): number {
    return this.#entries.size
  }

  /** Whether a signature of this time differs from all that have been forgotten. */
  canAccept(signedAt: number): boolean {
    return signedAt > this.#oldest
  }

  find(key: string): Nonce | undefined {
    return this.#entries.get(key)
  }

  add(key: string, signedAt: number, now: number): Nonce {
    const entry = { isAcknowledged: false, signedAt, expiresAt: now + this.#lifetime }
    this.#entries.set(key, entry)
    for (const [oldest, { signedAt: time, expiresAt }] of this.#entries) {
      if (expiresAt > now && this.#entries.size <= this.#limit) break
      if (expiresAt > now) this.#oldest = Math.max(this.#oldest, time)
      this.#entries.delete(oldest)
    }
    return entry
  }
}
