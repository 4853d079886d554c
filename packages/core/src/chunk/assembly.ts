import { userProperty, type Message } from '../message.js'
import { toOwnBytes } from '../own-bytes.js'
import { quoted } from '../topic/mqtt-string.js'
import { CHUNK_ID_PROPERTY, CHUNK_PROPERTY, toChunkHeader, type ChunkHeader } from './chunk-header.js'
import { crc32c } from './crc32c.js'

/** Whether a message carries a chunk of a payload. */
export function isChunk({ userProperties }: Pick<Message, 'userProperties'>): boolean {
  return userProperty(userProperties, CHUNK_PROPERTY) !== undefined
}

/** Whether a message carries the first chunk of a payload. */
export function isFirstChunk({ userProperties }: Message): boolean {
  return userProperty(userProperties, CHUNK_PROPERTY)?.startsWith('0:') === true
}

/** The state of a payload after a chunk was added. */
export type Assembled =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'whole'; readonly message: Message }
  /** The chunks are invalid or inconsistent. */
  | { readonly kind: 'broken'; readonly reason: string }

export const INCOMPLETE: Assembled = { kind: 'incomplete' }
const EMPTY = new Uint8Array()

/** Assembles one payload from its chunks, in any order and with repetitions. */
export class Assembly {
  readonly #limit: number
  readonly #chunks = new Map<number, Uint8Array>()
  #received = 0
  #declared: ChunkHeader | undefined
  #checksum: string | undefined

  /** `limit` is the largest payload that is accepted, in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many bytes have been received. */
  get received(): number {
    return this.#received
  }

  add(message: Message): Assembled {
    const text = userProperty(message.userProperties, CHUNK_PROPERTY) ?? ''
    const header = toChunkHeader(text)
    if (header === undefined)
      return broken(`invalid chunk header ${quoted(text)}: expected <index>:<count>:<bytes>`)
    if (header.size > this.#limit)
      return broken(`${header.size} bytes are declared, at most ${this.#limit} are accepted`)
    this.#declared ??= header
    const { count, size } = this.#declared
    if (header.count !== count || header.size !== size) return broken('its chunks disagree on count or size')
    this.#checksum ??= header.checksum
    if (!this.#chunks.has(header.index)) {
      this.#received += message.payload.length
      this.#chunks.set(header.index, toOwnBytes(message.payload))
    }
    // Checked with every chunk, so that a sender cannot fill the memory beyond the declared size.
    if (this.#received > size) return broken('its chunks are more than the declared size')
    return this.#chunks.size < count ? INCOMPLETE : this.#join(message, size)
  }

  #join(message: Message, size: number): Assembled {
    if (this.#received < size) return broken('its chunks are less than the declared size')
    const chunks = Array.from({ length: this.#chunks.size }, (_, index) => this.#chunks.get(index) ?? EMPTY)
    if (chunks.slice(1, -1).some(({ length }) => length !== chunks[0]?.length))
      return broken('its chunks differ in size')
    const payload = new Uint8Array(size)
    let offset = 0
    for (const chunk of chunks) {
      payload.set(chunk, offset)
      offset += chunk.length
    }
    if (crc32c(payload) !== this.#checksum) return broken('its checksum does not match')
    const userProperties =
      message.userProperties?.filter(([name]) => name !== CHUNK_PROPERTY && name !== CHUNK_ID_PROPERTY) ?? []
    return { kind: 'whole', message: { ...message, payload, userProperties } }
  }
}

function broken(reason: string): Assembled {
  return { kind: 'broken', reason }
}
