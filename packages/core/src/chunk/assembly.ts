import { userProperty, type Message } from '../message.js'
import { CHUNK_PROPERTY, toChunkHeader, type ChunkHeader } from './chunk-header.js'
import { crc32c } from './crc32c.js'

/** Whether a message carries a part of a payload. */
export function isChunk({ userProperties }: Message): boolean {
  return userProperty(userProperties, CHUNK_PROPERTY) !== undefined
}

/** What becomes of a payload when another part of it has come. */
export type Assembled =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'whole'; readonly message: Message }
  /** The parts do not make a whole; nothing more is taken. */
  | { readonly kind: 'broken'; readonly reason: string }

const INCOMPLETE: Assembled = { kind: 'incomplete' }
const NOTHING = new Uint8Array()

/** Puts one payload together from its parts, in whatever order and however often they come. */
export class Assembly {
  readonly #limit: number
  readonly #parts = new Map<number, Uint8Array>()
  #received = 0
  #whole: ChunkHeader | undefined
  #checksum: string | undefined

  /** `limit` is the largest whole that is taken, in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many bytes of it are here. */
  get received(): number {
    return this.#received
  }

  add(message: Message): Assembled {
    const said = userProperty(message.userProperties, CHUNK_PROPERTY) ?? ''
    const header = toChunkHeader(said)
    if (header === undefined) return broken(`${CHUNK_PROPERTY} "${said}" says no part of anything`)
    if (header.size > this.#limit)
      return broken(`${header.size} bytes are declared, and ${this.#limit} are taken`)
    this.#whole ??= header
    const { count, size } = this.#whole
    if (header.count !== count || header.size !== size) return broken('its parts disagree on the whole')
    this.#checksum ??= header.checksum
    if (!this.#parts.has(header.index)) {
      this.#received += message.payload.length
      this.#parts.set(header.index, message.payload)
    }
    // Looked at with every part, so that a lie about the size costs no memory.
    if (this.#received > size) return broken('its parts are more than the whole')
    return this.#parts.size < count ? INCOMPLETE : this.#join(message, size)
  }

  #join(message: Message, size: number): Assembled {
    if (this.#received < size) return broken('its parts are less than the whole')
    const parts = Array.from({ length: this.#parts.size }, (_, index) => this.#parts.get(index) ?? NOTHING)
    if (parts.slice(1, -1).some(({ length }) => length !== parts[0]?.length))
      return broken('its parts differ in size')
    const payload = new Uint8Array(size)
    let at = 0
    for (const part of parts) {
      payload.set(part, at)
      at += part.length
    }
    if (crc32c(payload) !== this.#checksum) return broken('the check sum of the whole is another')
    const userProperties = message.userProperties?.filter(([name]) => name !== CHUNK_PROPERTY) ?? []
    return { kind: 'whole', message: { ...message, payload, userProperties } }
  }
}

function broken(reason: string): Assembled {
  return { kind: 'broken', reason }
}
