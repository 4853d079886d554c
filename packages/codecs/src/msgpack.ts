import type { SchemaCodec } from '@antiphon/core'
import {
  acceptsMediaTypes,
  isBytes,
  isWellFormed,
  schemaCodec,
  type PayloadFormat,
} from '@antiphon/core/codec'
import { decode, Encoder } from '@msgpack/msgpack'
import { readMsgpackHead } from './msgpack-head.js'
import { requireWellFormed } from './require-well-formed.js'

// The codec has checked `maximumDepth` before the encoder runs.
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: Number.MAX_SAFE_INTEGER })

const format: PayloadFormat = {
  contentType: 'application/msgpack',
  isText: false,
  accepts: acceptsMediaTypes({
    types: ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack'],
    suffix: '+msgpack',
  }),
  parse: (payload, maximumDepth) => {
    requireWellFormed(payload, maximumDepth, readMsgpackHead)
    return decode(payload, { mapKeyConverter: toKey })
  },
  write: (data) => encoder.encode(data),
  carries: (value) => typeof value === 'number' || isBytes(value) || isTimestamp(value),
  carriesText: isWellFormed,
}

/**
 * Creates a codec for MessagePack payloads from an io-ts type or another schema, as `json` does: `application/msgpack`; it
 * also reads `application/x-msgpack`, `application/vnd.msgpack` and every `…+msgpack`. Needs `@msgpack/msgpack`.
 *
 * It supports all JSON values, bytes (`Uint8Array`), `NaN`, the infinities and dates (`Date`, as a timestamp). It encodes
 * every whole number as an integer, so `-0` as `0`. Of duplicate keys, the last applies. It rejects keys that are
 * not strings, strings that are not UTF-8, other extensions, integers beyond 2^53, which would lose precision, and lengths
 * beyond the payload, without allocating memory for them.
 */
export const msgpack: SchemaCodec = /* @__PURE__ */ schemaCodec(format)

function toKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw new TypeError(`a map key is a ${typeof key}: it must be a string`)
}

function isTimestamp(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
