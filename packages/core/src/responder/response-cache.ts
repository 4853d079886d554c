import { crc32cNumber } from '../chunk/crc32c.js'
import { LinkedQueue, type ListNode } from '../linked-queue.js'
import { ResponseSlabs, type KeptResponse } from './kept-response.js'
import type { OutgoingResponse } from './outgoing-response.js'

/** Limits of the cache from which a responder answers duplicate requests without running the handler again. */
export interface ResponseCacheBounds {
  /** Maximum number of answered requests. @defaultValue 10 000 */
  readonly entries?: number
  /** Maximum size of the cached responses and of the keys that identify requests. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which a request without a message expiry is cached. @defaultValue 60 000 */
  readonly ttl?: number
}

/** How many responses to one request are cached for its duplicates. */
const RESPONSES_LIMIT = 256
const NO_RESPONSES: KeptResponse[] = []

/** What the cache holds of a request that has ended. */
export interface CachedResponse {
  /** The responses in the order in which they were sent; `undefined` if they were too many to cache. */
  readonly responses: readonly KeptResponse[] | undefined
  /** The elapsed time until which a duplicate may arrive. */
  readonly expiresAt: number
}

/** The cache entry of a request that is being handled or has ended. */
export class CacheEntry<Running> implements CachedResponse, ListNode<CacheEntry<Running>> {
  readonly key: string
  readonly #length: number
  readonly #checksum: number
  /** The request while it is being handled. */
  running: Running | undefined
  /** The responses so far; `undefined` once they are too many to cache. */
  responses: KeptResponse[] | undefined = NO_RESPONSES
  expiresAt: number = Infinity
  bytes: number = 0
  /** The queue of ended requests; `undefined` while the request is being handled. */
  queue: LinkedQueue<CacheEntry<Running>> | undefined = undefined
  prevNode: CacheEntry<Running> | undefined = undefined
  nextNode: CacheEntry<Running> | undefined = undefined
  #duplicates: (() => void)[] | undefined

  constructor(key: string, running: Running, payload: Uint8Array) {
    this.key = key
    this.running = running
    this.#length = payload.length
    this.#checksum = checksumOf(payload)
  }

  /** Whether a payload is that of the request, and not that of another request with the same correlation. */
  hasPayload(payload: Uint8Array): boolean {
    return payload.length === this.#length && checksumOf(payload) === this.#checksum
  }

  /** Attaches a duplicate of the running request; it is acknowledged together with that request. */
  attachDuplicate(acknowledge: () => void): void {
    this.#duplicates ??= []
    this.#duplicates.push(acknowledge)
  }

  acknowledgeDuplicates(): void {
    for (const acknowledge of this.#duplicates ?? []) acknowledge()
    this.#duplicates = undefined
  }
}

/**
 * The requests by which a responder recognises duplicates: those being handled, and those that have ended.
 *
 * Only ended requests count towards the limits; the oldest are evicted first.
 */
export class ResponseCache<Running> {
  readonly #bounds: Required<ResponseCacheBounds>
  readonly #entries = new Map<string, CacheEntry<Running>>()
  readonly #ended = new LinkedQueue<CacheEntry<Running>>()
  readonly #onEvicted: () => void
  readonly #slabs = new ResponseSlabs()
  #bytes = 0

  /** `onEvicted` is called for each ended request that is evicted before it has expired. */
  constructor(bounds: Required<ResponseCacheBounds>, onEvicted: () => void = () => undefined) {
    this.#bounds = bounds
    this.#onEvicted = onEvicted
  }

  get size(): number {
    return this.#entries.size
  }

  /** Returns the entry under a key, unless it has expired. */
  find(key: string, now: number): CacheEntry<Running> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > now) return entry
    this.#evict(entry)
    return undefined
  }

  /** Adds an entry for a request that will be handled, in place of that of an ended one, which `find` has returned. */
  begin(
    key: string,
    running: Running,
    payload: Uint8Array,
    replaced?: CacheEntry<Running>,
  ): CacheEntry<Running> {
    if (replaced !== undefined) this.#evict(replaced)
    const entry = new CacheEntry(key, running, payload)
    this.#entries.set(key, entry)
    return entry
  }

  /** Adds a response to a running request. */
  addResponse(entry: CacheEntry<Running>, sent: OutgoingResponse): void {
    const { responses } = entry
    if (responses === undefined) return
    const response = this.#slabs.keep(sent)
    // A literal: the first `push` to an empty array would allocate room for seventeen elements, see decision 0009.
    if (responses === NO_RESPONSES) entry.responses = [response]
    else if (responses.length < RESPONSES_LIMIT) responses.push(response)
    else entry.responses = undefined
  }

  /** Notes that a request has ended and until when a duplicate may arrive, and evicts what exceeds the limits. */
  end(entry: CacheEntry<Running>, expiresAt: number, now: number): void {
    if (entry.running === undefined) return
    entry.running = undefined
    entry.expiresAt = expiresAt
    entry.bytes = (entry.responses ?? NO_RESPONSES).reduce(
      (sum, response) => sum + sizeOf(response),
      entry.key.length,
    )
    this.#ended.push(entry)
    this.#bytes += entry.bytes
    this.#evictOldest(now)
  }

  /** Removes the entry of a request that was not handled, so that a duplicate of it is handled. */
  drop(entry: CacheEntry<Running>): void {
    if (entry.running === undefined) return
    entry.running = undefined
    this.#entries.delete(entry.key)
  }

  #evictOldest(now: number): void {
    const { entries, bytes } = this.#bounds
    for (let oldest = this.#ended.first; oldest !== undefined; oldest = this.#ended.first) {
      const isFull = this.#ended.length > entries || this.#bytes > bytes
      const isExpired = oldest.expiresAt <= now
      if (!isFull && !isExpired) return
      if (!isExpired) this.#onEvicted()
      this.#evict(oldest)
    }
  }

  #evict(entry: CacheEntry<Running>): void {
    this.#ended.remove(entry)
    this.#entries.delete(entry.key)
    this.#bytes -= entry.bytes
  }
}

/** Returns the size of a response. Its status alone does not count. */
function sizeOf({ size, userProperties }: KeptResponse): number {
  if (userProperties.length < 2) return size
  return userProperties.reduce((sum, [name, value]) => sum + name.length + value.length, size)
}

/** How many bytes at each end of a payload its checksum covers. */
const CHECKED_BYTES = 512

/** Returns a checksum that costs little also for a large payload. */
function checksumOf(payload: Uint8Array): number {
  const { length } = payload
  if (length <= 2 * CHECKED_BYTES) return crc32cNumber(payload, 0, length)
  const start = crc32cNumber(payload, 0, CHECKED_BYTES)
  return crc32cNumber(payload, length - CHECKED_BYTES, length, start)
}
