import { acknowledgementSize, type ProtocolVersion, writeAcknowledgement } from '@antiphon/packet'
import type { Channel } from './channel.js'
import { takeChunk, recycleChunk, largeChunk, smallChunk } from './chunk-pool.js'
import type { Counters } from '../counters.js'
import type { Flushable, Turn } from '../turn.js'
import type { UnreadBytes } from '../unread-bytes.js'

/** Bytes up to this number are copied; more are written by reference. */
const maxCopiedBytes = 8192

/** What a write buffer works with. */
export interface WriteBufferOptions {
  readonly turn: Turn
  /** Unsent bytes of this connection above which it is full. */
  readonly limit: number
  readonly unread: UnreadBytes
  readonly counters: Counters
}

/**
 * A buffer that collects what a connection writes in one turn into as few pieces as possible. It owns no memory while
 * it is idle.
 *
 * While `isFull`, the client reads too slowly: delay what can wait, and drop QoS 0 messages.
 */
export class WriteBuffer implements Flushable {
  #isFull = false
  /** The limit that makes it full. */
  fullLimit: 'unreadBytes' | 'totalUnreadBytes' = 'unreadBytes'
  #chunk: Buffer | null = null
  #used = 0
  /** The number of bytes of the chunk that `#pieces` already contains. */
  #sealed = 0
  #pieces: Uint8Array[] = []
  #bufferedBytes = 0
  #isScheduled = false
  readonly #channel: Channel
  readonly #turn: Turn
  readonly #limit: number
  readonly #counters: Counters
  readonly #unread: UnreadBytes
  /** What `#unread` counts for this connection. */
  #counted = 0

  constructor(channel: Channel, options: WriteBufferOptions) {
    this.#channel = channel
    this.#turn = options.turn
    this.#limit = options.limit
    this.#counters = options.counters
    this.#unread = options.unread
  }

  /** Whether the client reads too slowly. Once it is, it stays so until the client has read half of what was allowed. */
  get isFull(): boolean {
    if (!this.#isFull) return false
    const { pending } = this.#channel
    // A client that reads without ever catching up would lose all messages until the channel has drained.
    if (pending <= this.#limit / 2 && !this.#unread.isFull(pending)) this.#isFull = false
    return this.#isFull
  }

  /** The buffer that the offset from `reserve` refers to. */
  get room(): Buffer {
    return this.#chunk as Buffer
  }

  /** Reserves `count` bytes, at most `largeChunk`; returns their offset in `room`. */
  reserve(count: number): number {
    if (!this.#isScheduled) this.#schedule()
    if (this.#chunk === null) this.#chunk = takeChunk(count <= smallChunk ? smallChunk : largeChunk)
    else if (this.#used + count > this.#chunk.length) this.#grow(count)
    const at = this.#used
    this.#used = at + count
    this.#bufferedBytes += count
    return at
  }

  /** Appends a PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form; MQTT 3.1.1 has no reason codes. */
  acknowledge(version: ProtocolVersion, firstByte: number, packetId: number, reasonCode: number): void {
    const sentCode = version === 5 ? reasonCode : 0
    const at = this.reserve(acknowledgementSize(sentCode))
    writeAcknowledgement(this.room, at, firstByte, packetId, sentCode)
  }

  /** Appends bytes: a copy of up to `maxCopiedBytes`, else a reference; referenced bytes must not change any more. */
  append(bytes: Uint8Array): void {
    if (bytes.length <= maxCopiedBytes) {
      const at = this.reserve(bytes.length)
      this.room.set(bytes, at)
      return
    }
    if (!this.#isScheduled) this.#schedule()
    this.#seal()
    this.#pieces.push(bytes)
    this.#bufferedBytes += bytes.length
    if (this.#bufferedBytes > largeChunk) this.#write()
  }

  /** Writes the collected bytes. */
  flush(): void {
    this.#isScheduled = false
    this.#write()
  }

  /** Clears `isFull`; call it when the channel has drained or closed. */
  drained(): void {
    this.#isFull = false
    this.#counted = this.#unread.update(this.#counted, 0)
  }

  #schedule(): void {
    this.#isScheduled = true
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
    const used = this.#used
    this.#counters.bytesOut += this.#bufferedBytes
    this.#chunk = null
    this.#pieces = []
    this.#used = this.#sealed = this.#bufferedBytes = 0
    const wasted = chunk === null ? 0 : chunk.length - used
    // A slow reader would keep many chunks in memory that are almost empty.
    if (chunk !== null && wasted > used && channel.pending > 0) {
      channel.write(pieces.map((piece) => (piece.buffer === chunk.buffer ? Buffer.from(piece) : piece)))
      recycleChunk(chunk)
    } else {
      channel.write(pieces)
      if (channel.pending === 0 && chunk !== null) recycleChunk(chunk)
    }
    const { pending } = channel
    this.#counted = this.#unread.update(this.#counted, pending)
    const exceedsLimit = pending > this.#limit
    this.#isFull = exceedsLimit || this.#unread.isFull(pending)
    this.fullLimit = exceedsLimit ? 'unreadBytes' : 'totalUnreadBytes'
  }
}
