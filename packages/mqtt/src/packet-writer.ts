import { acknowledgementSize, ByteWriter, writeAcknowledgement } from '@antiphon/packet'
import type { ByteStream } from './streams/byte-stream.js'

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
  readonly #stream: Pick<ByteStream, 'write'>
  readonly #flush = (): void => this.flush()
  #isScheduled = false
  #isFull = false
  #isClosed = false
  #callbacks: ((isOpen: boolean) => void)[] = []

  constructor(stream: Pick<ByteStream, 'write'>) {
    this.#stream = stream
  }

  /** Whether `close` was called; nothing is written any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether the stream accepts more at once. */
  get isWritable(): boolean {
    return !this.#isFull && !this.#isClosed
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

  /** Adds bytes that were encoded elsewhere. */
  append(bytes: Uint8Array): void {
    this.block.raw(bytes)
    this.commit()
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

  /** Calls back with `true` once the stream accepts more, at once or on `resume`, or with `false` when it is closed. */
  onceWritable(callback: (isOpen: boolean) => void): void {
    if (this.#isFull && !this.#isClosed) this.#callbacks.push(callback)
    else callback(!this.#isClosed)
  }

  /** Runs the callbacks that wait, since the stream accepts more. */
  resume(): void {
    this.#isFull = false
    this.#runCallbacks(true)
  }

  /** Discards unwritten packets and calls all callbacks with `false`. */
  close(): void {
    this.#isClosed = true
    this.block.clear()
    this.#runCallbacks(false)
  }

  #write(bytes: Uint8Array): void {
    if (!this.#isClosed && !this.#stream.write(bytes)) this.#isFull = true
  }

  #runCallbacks(isOpen: boolean): void {
    const callbacks = this.#callbacks
    this.#callbacks = []
    for (const callback of callbacks) callback(isOpen)
  }
}
