import type { OutgoingMessage } from '../message.js'

/** How much a responder remembers, to answer a repeated request without running it again. */
export interface DuplicateBounds {
  /** @defaultValue 10 000 */
  readonly entries?: number
  /** Of remembered replies and of what tells requests apart. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which a request without an expiry is remembered. @defaultValue 60 000 */
  readonly keepFor?: number
}

/** How many replies to one request are kept. */
const REPLIES_LIMIT = 256

/** A request that was seen, and how far it got. */
export interface Seen {
  /** What was answered so far, in the order it was sent; `undefined` once that was too much to be kept. */
  replies: readonly OutgoingMessage[] | undefined
  isRunning: boolean
  /** When its caller stops waiting. */
  readonly expiresAt: number
  /** Until when a repetition is to be expected. */
  readonly rememberUntil: number
  /** Who waits for the end of the running one: repetitions that joined it. */
  readonly joined: (() => void)[]
  /** Milliseconds its caller waits for a sign of life. */
  readonly patience: number
  /** Ends the running one at the caller's wish. */
  cancel: () => void
  /** Lets the running one send so many more items. */
  grant: (credit: number) => void
}

/** The requests seen lately, by reply topic and token; the oldest finished ones go first. */
export class Duplicates {
  readonly #bounds: Required<DuplicateBounds>
  readonly #seen = new Map<string, Seen>()
  #bytes = 0

  constructor(bounds: Required<DuplicateBounds>) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#seen.size
  }

  find(key: string, now: number): Seen | undefined {
    const seen = this.#seen.get(key)
    if (seen === undefined || seen.isRunning || seen.rememberUntil > now) return seen
    this.#forget(key, seen)
    return undefined
  }

  /** Remembers a request that now starts to run. */
  begin(key: string, seen: Seen, now: number): void {
    this.#seen.set(key, seen)
    this.#makeRoom(now)
  }

  /** A running request came to its end, and its replies are known. */
  finish(key: string, now: number): void {
    const seen = this.#seen.get(key)
    if (seen === undefined) return
    seen.isRunning = false
    this.#bytes += bytesOf(key, seen)
    // Moved to the end: what finished last is repeated last.
    this.#seen.delete(key)
    this.#seen.set(key, seen)
    this.#makeRoom(now)
  }

  /** As if it had never been seen: a repetition runs again. */
  drop(key: string): void {
    const seen = this.#seen.get(key)
    if (seen !== undefined) this.#forget(key, seen)
  }

  #makeRoom(now: number): void {
    for (const [key, seen] of this.#seen) {
      const isFull = this.#seen.size > this.#bounds.entries || this.#bytes > this.#bounds.bytes
      if (!isFull && (seen.isRunning || seen.rememberUntil > now)) return
      if (!seen.isRunning) this.#forget(key, seen)
    }
  }

  #forget(key: string, seen: Seen): void {
    this.#seen.delete(key)
    if (!seen.isRunning) this.#bytes -= bytesOf(key, seen)
  }
}

/** Keeps a reply for repetitions, as long as there are not too many of them. */
export function record(seen: Seen, reply: OutgoingMessage): void {
  if (seen.replies === undefined) return
  seen.replies = seen.replies.length < REPLIES_LIMIT ? [...seen.replies, reply] : undefined
}

function bytesOf(key: string, { replies = [] }: Seen): number {
  return replies.reduce((sum, { payload }) => sum + payload.length, key.length)
}
