import type { SchemaCodec } from '@antiphon/core'
import {
  acceptsMediaTypes,
  isBytes,
  isWellFormed,
  schemaCodec,
  type PayloadFormat,
} from '@antiphon/core/codec'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import type { DecodeOptions, EncodeOptions, TagDecoder } from 'cborg'
import { readCborHead } from './cbor-head.js'
import { requireWellFormed } from './require-well-formed.js'

const tagContent: TagDecoder = (content) => content()

const decodeOptions: DecodeOptions = {
  rejectDuplicateMapKeys: true,
  tags: { 0: tagContent, 1: tagContent, 55799: tagContent },
}
const encodeOptions: EncodeOptions = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }

const format: PayloadFormat = {
  contentType: 'application/cbor',
  isText: false,
  accepts: acceptsMediaTypes({ types: ['application/cbor'], suffix: '+cbor' }),
  parse: (payload, maximumDepth) => {
    requireWellFormed(payload, maximumDepth, readCborHead)
    return decode(payload, decodeOptions) as unknown
  },
  write: (data) => encode(data, encodeOptions),
  carries: (value) =>
    typeof value === 'number' || (typeof value === 'bigint' ? isOf64Bits(value) : isBytes(value)),
  carriesText: isWellFormed,
}

/**
 * Creates a codec for CBOR payloads [RFC 8949] from an io-ts type or another schema, as `json` does: `application/cbor`; it also
 * reads every `…+cbor`. Needs `cborg`.
 *
 * It supports all JSON values, bytes (`Uint8Array`), `NaN`, the infinities and 64-bit integers. Integers beyond 2^53 decode
 * to a `bigint`; for a property that is always a `bigint` see `integer64` of
 * `@antiphon/codecs/io-ts`. It encodes in the deterministic form [RFC 8949,
 * 4.2.1], and every whole number as an integer, so `-0` as `0`. The tags 0, 1 and 55799 decode to their content; other
 * tags are rejected. It also rejects keys that are not strings, duplicate keys, strings that are not UTF-8,
 * indefinite-length strings, and lengths beyond the payload, without allocating memory for them.
 *
 * @example
 * ```ts
 * const reading = cbor(t.type({ celsius: t.number, raw: bytesType }), { maximumBytes: 4_096 })
 * ```
 */
export const cbor: SchemaCodec = /* @__PURE__ */ schemaCodec(format)

/** Whether a number fits into CBOR's 64-bit argument, with the sign in the major type [RFC 8949, 3.1]. */
function isOf64Bits(value: bigint): boolean {
  return value >= -(2n ** 64n) && value < 2n ** 64n
}
