/** What is remembered of a request. */
export interface RememberedRequest {
  /** Who sent it. */
  readonly principal: unknown
  /** What its response may refer to: each of its messages, as retries may have other signatures. */
  readonly references: ReadonlySet<string>
  /** The reference of its latest message, to which a response refers. */
  readonly latest: string
}

interface Entry extends RememberedRequest {
  readonly references: Set<string>
  latest: string
  expiresAt: number
}

/** How many requests are remembered; the least recently used are forgotten first. */
const LIMIT = 100_000

/** Milliseconds for which a request without another message is remembered if it has no expiry. */
const LIFETIME = 3_600_000

/** The requests of a link whose responses have not all been sent or received, by exchange. */
export class ExchangeMemory {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#entries.size
  }

  /** Returns a request, and remembers it for as long again. */
  find(exchange: string): RememberedRequest | undefined {
    return this.#find(exchange)
  }

  #find(exchange: string): Entry | undefined {
    const entry = this.#entries.get(exchange)
    if (entry === undefined || entry.expiresAt <= this.#now()) return undefined
    this.#store(exchange, entry)
    return entry
  }

  /** Remembers a message of a request. */
  add(exchange: string, principal: unknown, reference: string): void {
    const entry = this.#find(exchange)
    if (entry === undefined) {
      const references = new Set([reference])
      this.#store(exchange, { principal, references, latest: reference, expiresAt: 0 })
      return
    }
    entry.references.add(reference)
    entry.latest = reference
  }

  #store(exchange: string, entry: Entry): void {
    const now = this.#now()
    entry.expiresAt = now + LIFETIME
    this.#entries.delete(exchange)
    this.#entries.set(exchange, entry)
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (expiresAt > now && this.#entries.size <= LIMIT) return
      this.#entries.delete(oldest)
    }
  }
}
