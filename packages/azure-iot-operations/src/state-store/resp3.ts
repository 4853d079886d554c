/** A value of RESP3, the format of the state store's payloads; only the types that the service uses. */
export type Resp3 =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'number'; readonly number: number }
  | { readonly type: 'blob'; readonly bytes: Uint8Array }
  | { readonly type: 'nil' }
  | { readonly type: 'array'; readonly items: readonly Uint8Array[] }

const CR = 0x0d
const LF = 0x0a

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Encodes an array of blob strings. */
export function encodeResp3(items: readonly (string | Uint8Array)[]): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode(`*${items.length}\r\n`)]
  for (const item of items) {
    const bytes = typeof item === 'string' ? encoder.encode(item) : item
    parts.push(encoder.encode(`$${bytes.length}\r\n`), bytes, Uint8Array.of(CR, LF))
  }
  const encoded = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    encoded.set(part, offset)
    offset += part.length
  }
  return encoded
}

/** Decodes a payload; returns `undefined` if it is malformed or continues after the value. */
export function decodeResp3(payload: Uint8Array): Resp3 | undefined {
  const reader = new Reader(payload)
  const value = reader.value()
  return reader.isAtEnd ? value : undefined
}

/** Reads a payload from its beginning. */
class Reader {
  readonly #payload: Uint8Array
  #offset = 0

  constructor(payload: Uint8Array) {
    this.#payload = payload
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#payload.length
  }

  value(): Resp3 | undefined {
    const line = this.#line()
    if (line === undefined) return undefined
    const text = line.slice(1)
    switch (line[0]) {
      case '+':
        return { type: 'text', text }
      case '-':
        return { type: 'error', text }
      case ':':
        return /^-?\d{1,15}$/.test(text) ? { type: 'number', number: Number(text) } : undefined
      case '_':
        return text === '' ? { type: 'nil' } : undefined
      case '$':
        return text === '-1' ? { type: 'nil' } : this.#blobValue(text)
      case '*':
        return this.#array(text)
      default:
        return undefined
    }
  }

  #array(text: string): Resp3 | undefined {
    const count = lengthOf(text)
    if (count === undefined) return undefined
    const items: Uint8Array[] = []
    while (items.length < count) {
      const line = this.#line()
      const item = line?.startsWith('$') === true ? this.#blob(line.slice(1)) : undefined
      if (item === undefined) return undefined
      items.push(item)
    }
    return { type: 'array', items }
  }

  #blobValue(text: string): Resp3 | undefined {
    const bytes = this.#blob(text)
    return bytes && { type: 'blob', bytes }
  }

  #blob(text: string): Uint8Array | undefined {
    const length = lengthOf(text)
    if (length === undefined) return undefined
    const end = this.#offset + length
    if (this.#payload[end] !== CR || this.#payload[end + 1] !== LF) return undefined
    const bytes = this.#payload.slice(this.#offset, end)
    this.#offset = end + 2
    return bytes
  }

  /** Reads to the next line break. */
  #line(): string | undefined {
    const end = this.#payload.indexOf(CR, this.#offset)
    if (end < 0 || this.#payload[end + 1] !== LF) return undefined
    const line = decoder.decode(this.#payload.subarray(this.#offset, end))
    this.#offset = end + 2
    return line
  }
}

function lengthOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
