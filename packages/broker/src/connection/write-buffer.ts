import type { Channel } from './channel.js'
import { takeChunk, recycleChunk, largeChunk, smallChunk } from './chunk-pool.js'
import type { Counters } from '../stats.js'
import type { Flushable, Turn } from './turn.js'

/** Pieces larger than this are written by reference rather than copied. */
const copied = 8192

/**
 * Gathers what a connection writes in one turn into as few pieces as can be. It owns no memory while it is idle.
 *
 * `isFull` says that the other side reads too slowly: whoever can wait or give up should.
 */
export class WriteBuffer implements Flushable {
  isFull = false
  #chunk: Buffer | null = null
  #used = 0
  /** How much of the chunk already belongs to `#pieces`. */
  #sealed = 0
  #pieces: Uint8Array[] = []
  #gathered = 0
  #isListed = false
  readonly #channel: Channel
  readonly #turn: Turn
  readonly #limit: number
  readonly #counters: Counters

  constructor(channel: Channel, turn: Turn, limit: number, counters: Counters) {
    this.#counters = counters
    this.#channel = channel
    this.#turn = turn
    this.#limit = limit
  }

  /** The buffer into which `reserve` told where to write. */
  get room(): Buffer {
    return this.#chunk as Buffer
  }

  /** Makes room for `count` bytes, at most a large chunk's worth, and tells where in `room` they begin. */
  reserve(count: number): number {
    if (!this.#isListed) this.#list()
    if (this.#chunk === null) this.#chunk = takeChunk(count <= smallChunk ? smallChunk : largeChunk)
    else if (this.#used + count > this.#chunk.length) this.#grow(count)
    const at = this.#used
    this.#used = at + count
    this.#gathered += count
    return at
  }

  /** Appends bytes: a copy of few, a reference to many, which must then not change any more. */
  append(bytes: Uint8Array): void {
    if (bytes.length <= copied) {
      const at = this.reserve(bytes.length)
      this.room.set(bytes, at)
      return
    }
    if (!this.#isListed) this.#list()
    this.#seal()
    this.#pieces.push(bytes)
    this.#gathered += bytes.length
    if (this.#gathered > largeChunk) this.#write()
  }

  /** Writes out what was gathered. */
  flush(): void {
    this.#isListed = false
    this.#write()
  }

  /** Called when the channel has nothing pending any more. */
  drained(): void {
    this.isFull = false
  }

  #list(): void {
    this.#isListed = true
    this.#turn.add(this)
  }

  #grow(count: number): void {
    const old = this.#chunk as Buffer
    if (old.length === smallChunk && this.#sealed === 0 && this.#used + count <= largeChunk) {
      const chunk = (this.#chunk = takeChunk(largeChunk))
      chunk.set(old.subarray(0, this.#used))
      recycleChunk(old)
      return
    }
    this.#write()
    this.#chunk = takeChunk(largeChunk)
  }

  #seal(): void {
    if (this.#chunk === null || this.#used === this.#sealed) return
    this.#pieces.push(this.#chunk.subarray(this.#sealed, this.#used))
    this.#sealed = this.#used
  }

  #write(): void {
    this.#seal()
    if (this.#pieces.length === 0) return
    const channel = this.#channel
    const chunk = this.#chunk
    const pieces = this.#pieces
    this.#counters.bytesOut += this.#gathered
    this.#chunk = null
    this.#pieces = []
    this.#used = this.#sealed = this.#gathered = 0
    channel.write(pieces)
    const { pending } = channel
    if (pending === 0 && chunk !== null) recycleChunk(chunk)
    this.isFull = pending > this.#limit
  }
}
