import { Line, type Queued } from '../line.js'
import type { Reply } from './reply.js'

/** How much a responder remembers, to answer a repeated request without running it again. */
export interface DuplicateBounds {
  /** @defaultValue 10 000 */
  readonly entries?: number
  /** Of remembered replies and of what tells requests apart. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which a request without an expiry is remembered. @defaultValue 60 000 */
  readonly keepFor?: number
}

/** A request that has ended, as its repetitions need it. */
export interface Remembered {
  /** What was answered, in the order it was sent; `undefined` where that was too much to be kept. */
  readonly replies: readonly Reply[] | undefined
  /** Until when a repetition is to be expected. */
  readonly until: number
}

/** A request that was seen: one that runs, or one that has ended. */
export class Known<Running> implements Remembered, Queued<Known<Running>> {
  readonly key: string
  /** `undefined` once it has ended. */
  running: Running | undefined
  replies: readonly Reply[] | undefined = undefined
  until: number = Infinity
  bytes: number = 0
  /** Of those that have ended. */
  line: Line<Known<Running>> | undefined = undefined
  before: Known<Running> | undefined = undefined
  behind: Known<Running> | undefined = undefined

  constructor(key: string, running: Running) {
    this.key = key
    this.running = running
  }
}

/** The requests seen lately: those that run, and those that have ended, of which the oldest are forgotten first. */
export class Duplicates<Running> {
  readonly #bounds: Required<DuplicateBounds>
  readonly #known = new Map<string, Known<Running>>()
  readonly #byAge = new Line<Known<Running>>()
  #bytes = 0

  constructor(bounds: Required<DuplicateBounds>) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#known.size
  }

  /** The one that was seen under this key. */
  find(key: string, now: number): Known<Running> | undefined {
    const entry = this.#known.get(key)
    if (entry === undefined || entry.running !== undefined || entry.until > now) return entry
    this.#forget(entry)
    return undefined
  }

  /** One that was not seen before begins to run. */
  begin(key: string, running: Running): Known<Running> {
    const entry = new Known(key, running)
    this.#known.set(key, entry)
    return entry
  }

  /** The one that runs has come to its end. */
  end(entry: Known<Running>, { replies, until }: Remembered, now: number): void {
    if (entry.running === undefined) return
    entry.running = undefined
    entry.replies = replies
    entry.until = until
    entry.bytes = (replies ?? []).reduce((sum, { payload }) => sum + payload.length, entry.key.length)
    this.#byAge.push(entry)
    this.#bytes += entry.bytes
    this.#makeRoom(now)
  }

  /** As if the one that runs had never been seen: a repetition runs again. */
  drop(entry: Known<Running>): void {
    if (entry.running === undefined) return
    entry.running = undefined
    this.#known.delete(entry.key)
  }

  #makeRoom(now: number): void {
    const { entries, bytes } = this.#bounds
    for (let oldest = this.#byAge.first; oldest !== undefined; oldest = this.#byAge.first) {
      const isFull = this.#byAge.length > entries || this.#bytes > bytes
      if (!isFull && oldest.until > now) return
      this.#forget(oldest)
    }
  }

  #forget(entry: Known<Running>): void {
    this.#byAge.remove(entry)
    this.#known.delete(entry.key)
    this.#bytes -= entry.bytes
  }
}
