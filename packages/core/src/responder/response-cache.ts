import { LinkedQueue, type ListNode } from '../linked-queue.js'
import type { OutgoingResponse } from './outgoing-response.js'

/** How much a responder remembers, to answer a repeated request without running it again. */
export interface ResponseCacheBounds {
  /** @defaultValue 10 000 */
  readonly entries?: number
  /** Of remembered replies and of what tells requests apart. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which a request without an expiry is remembered. @defaultValue 60 000 */
  readonly ttl?: number
}

/** A request that has ended, as its repetitions need it. */
export interface CachedResponse {
  /** What was answered, in the order it was sent; `undefined` where that was too much to be kept. */
  readonly responses: readonly OutgoingResponse[] | undefined
  /** Until when a repetition is to be expected. */
  readonly expiresAt: number
}

/** A request that was seen: one that runs, or one that has ended. */
export class CacheEntry<Running> implements CachedResponse, ListNode<CacheEntry<Running>> {
  readonly key: string
  /** `undefined` once it has ended. */
  running: Running | undefined
  responses: readonly OutgoingResponse[] | undefined = undefined
  expiresAt: number = Infinity
  bytes: number = 0
  /** Of those that have ended. */
  queue: LinkedQueue<CacheEntry<Running>> | undefined = undefined
  prevNode: CacheEntry<Running> | undefined = undefined
  nextNode: CacheEntry<Running> | undefined = undefined

  constructor(key: string, running: Running) {
    this.key = key
    this.running = running
  }
}

/** The requests seen lately: those that run, and those that have ended, of which the oldest are forgotten first. */
export class ResponseCache<Running> {
  readonly #bounds: Required<ResponseCacheBounds>
  readonly #entries = new Map<string, CacheEntry<Running>>()
  readonly #byAge = new LinkedQueue<CacheEntry<Running>>()
  #bytes = 0

  constructor(bounds: Required<ResponseCacheBounds>) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  /** The one that was seen under this key. */
  find(key: string, now: number): CacheEntry<Running> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.running !== undefined || entry.expiresAt > now) return entry
    this.#forget(entry)
    return undefined
  }

  /** One that was not seen before begins to run. */
  begin(key: string, running: Running): CacheEntry<Running> {
    const entry = new CacheEntry(key, running)
    this.#entries.set(key, entry)
    return entry
  }

  /** The one that runs has come to its end. */
  end(entry: CacheEntry<Running>, { responses, expiresAt: until }: CachedResponse, now: number): void {
    if (entry.running === undefined) return
    entry.running = undefined
    entry.responses = responses
    entry.expiresAt = until
    entry.bytes = (responses ?? []).reduce((sum, { payload }) => sum + payload.length, entry.key.length)
    this.#byAge.push(entry)
    this.#bytes += entry.bytes
    this.#makeRoom(now)
  }

  /** As if the one that runs had never been seen: a repetition runs again. */
  drop(entry: CacheEntry<Running>): void {
    if (entry.running === undefined) return
    entry.running = undefined
    this.#entries.delete(entry.key)
  }

  #makeRoom(now: number): void {
    const { entries, bytes } = this.#bounds
    for (let oldest = this.#byAge.first; oldest !== undefined; oldest = this.#byAge.first) {
      const isFull = this.#byAge.length > entries || this.#bytes > bytes
      if (!isFull && oldest.expiresAt > now) return
      this.#forget(oldest)
    }
  }

  #forget(entry: CacheEntry<Running>): void {
    this.#byAge.remove(entry)
    this.#entries.delete(entry.key)
    this.#bytes -= entry.bytes
  }
}
