import type { Codec, TypedCodecOptions } from '@antiphon/core'
import { acceptsMediaTypes, fromType, isBytes, isWellFormed, type PayloadFormat } from '@antiphon/core/codec'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import type { DecodeOptions, EncodeOptions, TagDecoder } from 'cborg'
import type { Type } from 'io-ts'
import { readCborHead } from './cbor-head.js'
import { requireSound } from './soundness.js'

export { integer64 } from './integer-64.js'

/**
 * CBOR payloads [RFC 8949] typed by io-ts: `application/cbor`, reads every `…+cbor` too. Needs `cborg`.
 *
 * Carries what JSON carries, and bytes (`Uint8Array`), `NaN`, the infinities and integers of 64 bits: those beyond 2^53
 * read as a `bigint`; for a property that always is one see `integer64`. Writes in the deterministic form [RFC 8949,
 * 4.2.1]. Reads the tags 0, 1 and 55799 as what they tag and no other tag. Refused are keys that are not text, a key
 * that stands twice, texts that are not UTF-8, texts and bytes in pieces, and lengths beyond the payload, for which
 * nothing is allocated.
 *
 * @example
 * ```ts
 * const reading = cbor(t.type({ celsius: t.number, raw: bytesType }), { maximumBytes: 4_096 })
 * ```
 */
export function cbor<A, O>(type: Type<A, O, unknown>, options?: TypedCodecOptions): Codec<A> {
  return fromType(type, format, options)
}

const untagged: TagDecoder = (content) => content()

const reading: DecodeOptions = {
  rejectDuplicateMapKeys: true,
  tags: { 0: untagged, 1: untagged, 55799: untagged },
}
const writing: EncodeOptions = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }

const format: PayloadFormat = {
  contentType: 'application/cbor',
  isText: false,
  accepts: acceptsMediaTypes({ types: ['application/cbor'], suffix: '+cbor' }),
  parse: (payload, maximumDepth) => {
    requireSound(payload, maximumDepth, readCborHead)
    return decode(payload, reading) as unknown
  },
  write: (data) => encode(data, writing),
  carries: (value) =>
    typeof value === 'number' || (typeof value === 'bigint' ? isOf64Bits(value) : isBytes(value)),
  carriesText: isWellFormed,
}

/** An argument of 64 bits, and one more for the sign [RFC 8949, 3.1]. */
function isOf64Bits(value: bigint): boolean {
  return value >= -(2n ** 64n) && value < 2n ** 64n
}
