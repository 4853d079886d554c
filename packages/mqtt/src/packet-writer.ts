import { PacketBytes } from './packet-bytes.js'

/** The writing half of a connection, as far as it matters here. */
export interface ByteStream {
  readonly write: (bytes: Uint8Array) => boolean
  readonly once: (event: 'drain', listener: () => void) => unknown
}

// Above it a payload is worth a write of its own, and below it the copying.
const largePayload = 16 * 1024
const blockSize = 16 * 1024

/**
 * Gathers the packets of one turn of the event loop and hands them to the stream in one write: a write costs the same
 * for one packet as for fifty.
 */
export class PacketWriter {
  /** Packets are encoded into it; call `queued` after each. */
  readonly block: PacketBytes = new PacketBytes(blockSize)
  readonly #stream: ByteStream
  readonly #flush = (): void => this.flush()
  #isScheduled = false
  #isFull = false
  #isClosed = false
  #waiting: ((isOpen: boolean) => void)[] = []

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  /** Nothing leaves any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A packet was written into the block; its payload, if any, follows it. */
  queued(payload?: Uint8Array): void {
    if (payload !== undefined) {
      if (payload.length >= largePayload) {
        this.flush()
        this.#write(payload)
        return
      }
      this.block.raw(payload)
    }
    if (this.block.length >= blockSize) this.flush()
    else if (!this.#isScheduled) {
      this.#isScheduled = true
      queueMicrotask(this.#flush)
    }
  }

  /** Writes at once what was gathered. */
  flush(): void {
    this.#isScheduled = false
    if (this.block.length === 0) return
    this.#write(this.block.take())
  }

  /** Calls back once the stream takes more: at once, or when its buffer has run empty, or with `false` at its end. */
  whenRoom(callback: (isOpen: boolean) => void): void {
    if (this.#isFull && !this.#isClosed) this.#waiting.push(callback)
    else callback(!this.#isClosed)
  }

  /** Writes no more. */
  close(): void {
    this.#isClosed = true
    this.block.clear()
    this.#tell(false)
  }

  #write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#stream.write(bytes) || this.#isFull) return
    this.#isFull = true
    this.#stream.once('drain', () => {
      this.#isFull = false
      this.#tell(true)
    })
  }

  #tell(isOpen: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback(isOpen)
  }
}
