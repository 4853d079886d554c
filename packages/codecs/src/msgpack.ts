import type { Codec, TypedCodecOptions } from '@antiphon/core'
import { acceptsMediaTypes, fromType, isBytes, isWellFormed, type PayloadFormat } from '@antiphon/core/codec'
import { decode, Encoder } from '@msgpack/msgpack'
import type { Type } from 'io-ts'
import { readMsgpackHead } from './msgpack-head.js'
import { requireSound } from './soundness.js'

/**
 * MessagePack payloads typed by io-ts: `application/msgpack`, reads `application/x-msgpack`, `application/vnd.msgpack`
 * and every `…+msgpack` too. Needs `@msgpack/msgpack`.
 *
 * Carries what JSON carries, and bytes (`Uint8Array`), `NaN`, the infinities and dates (`Date`, as a timestamp). Of a key
 * that stands twice the last wins. Refused are keys that are not text, texts that are not UTF-8, other extensions,
 * integers beyond 2^53, which would lose digits, and lengths beyond the payload, for which nothing is allocated.
 */
export function msgpack<A, O>(type: Type<A, O, unknown>, options?: TypedCodecOptions): Codec<A> {
  return fromType(type, format, options)
}

// The depth was measured already, by the bound of the codec.
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: Number.MAX_SAFE_INTEGER })

const format: PayloadFormat = {
  contentType: 'application/msgpack',
  isText: false,
  accepts: acceptsMediaTypes({
    types: ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack'],
    suffix: '+msgpack',
  }),
  parse: (payload, maximumDepth) => {
    requireSound(payload, maximumDepth, readMsgpackHead)
    return decode(payload, { mapKeyConverter: toKey })
  },
  write: (data) => encoder.encode(data),
  carries: (value) => typeof value === 'number' || isBytes(value) || isTimestamp(value),
  carriesText: isWellFormed,
}

function toKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw new TypeError(`a key is a ${typeof key}: it must be a text`)
}

function isTimestamp(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
