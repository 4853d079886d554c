import type { QoS, UserProperties } from '../message.js'
import { toOwnBytes } from '../own-bytes.js'
import type { OutgoingResponse } from './outgoing-response.js'

/** The size of a slab, once the cache is in use. */
const MAX_SLAB_BYTES = 8_192

/** The most bytes of a payload that shares a slab. */
const MAX_SHARED_BYTES = MAX_SLAB_BYTES / 4

/** A response as a cache keeps it, without an object for its payload. */
export class KeptResponse implements OutgoingResponse {
  readonly topic: string
  readonly qos: QoS
  readonly userProperties: UserProperties
  readonly codec: OutgoingResponse['codec']
  /** The size of the payload. */
  readonly size: number
  readonly #bytes: Uint8Array
  readonly #start: number

  /** The payload of `response` begins at an offset of `bytes`. */
  constructor(
    { topic, payload, qos, userProperties, codec }: OutgoingResponse,
    bytes: Uint8Array,
    start: number,
  ) {
    this.topic = topic
    this.qos = qos
    this.userProperties = userProperties
    this.codec = codec
    this.size = payload.length
    this.#bytes = bytes
    this.#start = start
  }

  get payload(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#start + this.size)
  }
}

/**
 * Copies the payloads of cached responses into slabs: thousands of small arrays that outlive their request would be most of a
 * responder's garbage collection, see decision 0009. A slab is collected once all its responses are evicted, which happens in
 * the order in which they were kept.
 */
export class ResponseSlabs {
  #slab = new Uint8Array(0)
  #used = 0

  /** Returns a copy of a response. A large payload that has a buffer of its own is not copied. */
  keep(response: OutgoingResponse): KeptResponse {
    const { payload } = response
    if (payload.length > MAX_SHARED_BYTES) return new KeptResponse(response, toOwnBytes(payload), 0)
    if (this.#used + payload.length > this.#slab.length) this.#addSlab(payload.length)
    const start = this.#used
    this.#slab.set(payload, start)
    this.#used += payload.length
    return new KeptResponse(response, this.#slab, start)
  }

  #addSlab(bytes: number): void {
    // Of a process with many endpoints, most caches have few responses.
    this.#slab = new Uint8Array(Math.max(bytes, Math.min(2 * this.#slab.length, MAX_SLAB_BYTES)))
    this.#used = 0
  }
}
