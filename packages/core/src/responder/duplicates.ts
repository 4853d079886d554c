import { Line, Place } from '../link/line.js'
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

/** A request that has ended, as its repetitions need it. */
export interface Remembered {
  /** What was answered, in the order it was sent; `undefined` where that was too much to be kept. */
  readonly replies: readonly OutgoingMessage[] | undefined
  /** Until when a repetition is to be expected. */
  readonly until: number
}

interface Entry extends Remembered {
  readonly key: string
  readonly bytes: number
}

/** The requests seen lately: those that run, and those that have ended, of which the oldest are forgotten first. */
export class Duplicates<Running> {
  readonly #bounds: Required<DuplicateBounds>
  readonly #running = new Map<string, Running>()
  readonly #ended = new Map<string, Place<Entry>>()
  readonly #byAge = new Line<Entry>()
  #bytes = 0

  constructor(bounds: Required<DuplicateBounds>) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#running.size + this.#ended.size
  }

  /** The one that runs under this key. */
  running(key: string): Running | undefined {
    return this.#running.get(key)
  }

  /** The one that has ended under this key. */
  ended(key: string, now: number): Remembered | undefined {
    const entry = this.#ended.get(key)?.holder
    if (entry === undefined || entry.until > now) return entry
    this.#forget(entry)
    return undefined
  }

  begin(key: string, running: Running): void {
    this.#running.set(key, running)
  }

  /** The one that runs has come to its end. */
  end(key: string, { replies, until }: Remembered, now: number): void {
    if (!this.#running.delete(key)) return
    const bytes = (replies ?? []).reduce((sum, { payload }) => sum + payload.length, key.length)
    const place = new Place({ key, replies, until, bytes })
    this.#ended.set(key, place)
    this.#byAge.push(place)
    this.#bytes += bytes
    this.#makeRoom(now)
  }

  /** As if the one that runs had never been seen: a repetition runs again. */
  drop(key: string): void {
    this.#running.delete(key)
  }

  #makeRoom(now: number): void {
    const { entries, bytes } = this.#bounds
    for (let oldest = this.#byAge.first; oldest !== undefined; oldest = this.#byAge.first) {
      const isFull = this.#ended.size > entries || this.#bytes > bytes
      if (!isFull && oldest.until > now) return
      this.#forget(oldest)
    }
  }

  #forget({ key, bytes }: Entry): void {
    this.#ended.get(key)?.leave()
    this.#ended.delete(key)
    this.#bytes -= bytes
  }
}
