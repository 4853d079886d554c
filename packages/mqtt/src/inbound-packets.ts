import { Framer } from '@antiphon/packet'

/** Splits the inbound bytes of a connection into packets and emits one after the other; the packet handler may pause it. */
export class InboundPackets {
  readonly #framer: Framer
  readonly #onPacket: (framer: Framer) => void
  #isPaused = false
  #isEmitting = false

  /** `maximum` is the Maximum Packet Size, in bytes. `onPacket` reads the packet at the framer. */
  constructor(maximum: number, onPacket: (framer: Framer) => void) {
    this.#framer = new Framer<Uint8Array>(maximum, (size) => new Uint8Array(size))
    this.#onPacket = onPacket
  }

  /** Emits the packets that `chunk` completes; throws if the bytes are not a valid packet [MQTT-4.13.1-1]. */
  append(chunk: Uint8Array): void {
    // A plain Uint8Array: a view of a Node `Buffer` costs more, see decision 0017.
    this.#framer.append(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#emit()
  }

  /** Buffers all packets until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  /** Emits the buffered packets, and later ones again as they arrive. */
  resume(): void {
    this.#isPaused = false
    this.#emit()
  }

  #emit(): void {
    if (this.#isEmitting) return
    this.#isEmitting = true
    try {
      while (!this.#isPaused && this.#framer.next()) this.#onPacket(this.#framer)
    } finally {
      this.#isEmitting = false
    }
  }
}
