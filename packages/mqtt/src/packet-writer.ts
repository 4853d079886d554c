import { acknowledgementSize, ByteWriter, writeAcknowledgement } from '@antiphon/packet'

/** The writable side of a connection's stream. */
export interface ByteStream {
  readonly write: (bytes: Uint8Array) => boolean
  readonly once: (event: 'drain', listener: () => void) => unknown
}

// From this size on, a separate write of the payload costs less than copying it into the block.
const largePayload = 16 * 1024
const blockSize = 16 * 1024

/**
 * Batches the packets of one turn of the event loop into one write to the stream: a write costs the same for one packet
 * as for fifty.
 */
export class PacketWriter {
  /** The buffer to encode packets into; call `commit` after each. */
  readonly block: ByteWriter = new ByteWriter(blockSize)
  readonly #stream: ByteStream
  readonly #flush = (): void => this.flush()
  #isScheduled = false
  #isAwaitingDrain = false
  #isClosed = false
  #callbacks: ((isOpen: boolean) => void)[] = []

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  /** Whether `close` was called; nothing is written any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Completes the packet in `block`, which `payload` follows, and schedules the write. */
  commit(payload?: Uint8Array): void {
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

  /** Adds a PUBACK, PUBREC, PUBREL or PUBCOMP, in its shortest form for success. */
  acknowledge(firstByte: number, packetId: number, reasonCode = 0): void {
    const { block } = this
    const at = block.reserve(acknowledgementSize(reasonCode))
    writeAcknowledgement(block.bytes, at, firstByte, packetId, reasonCode)
    this.commit()
  }

  /** Writes the batched packets at once. */
  flush(): void {
    this.#isScheduled = false
    if (this.block.length === 0) return
    this.#write(this.block.take())
  }

  /** Calls back with `true` once the stream accepts more, at once or on `drain`, or with `false` when it is closed. */
  onceWritable(callback: (isOpen: boolean) => void): void {
    if (this.#isAwaitingDrain && !this.#isClosed) this.#callbacks.push(callback)
    else callback(!this.#isClosed)
  }

  /** Discards unwritten packets and calls all callbacks with `false`. */
  close(): void {
    this.#isClosed = true
    this.block.clear()
    this.#runCallbacks(false)
  }

  #write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#stream.write(bytes) || this.#isAwaitingDrain) return
    this.#isAwaitingDrain = true
    this.#stream.once('drain', () => {
      this.#isAwaitingDrain = false
      this.#runCallbacks(true)
    })
  }

  #runCallbacks(isOpen: boolean): void {
    const callbacks = this.#callbacks
    this.#callbacks = []
    for (const callback of callbacks) callback(isOpen)
  }
}
