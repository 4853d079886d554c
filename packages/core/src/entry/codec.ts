/**
 * The API for authors of codecs: create a codec from a schema and a format, map a codec to other values, run a codec
 * without exceptions, and handle content types, UTF-8 and plain data.
 *
 * @packageDocumentation
 */

// Create a codec
export { fromSchema, typedCodecOptionRules } from '../codec/from-schema.js'
export type { PayloadFormat } from '../codec/from-schema.js'
export { schemaCodec } from '../codec/schema-codec.js'
export { mapCodec } from '../codec/map-codec.js'
export type { CodecMapping } from '../codec/map-codec.js'
export { isJsonObject, objectCodec } from '../codec/object-codec.js'

// Use a codec
export { codecFor, decodeWith, encodeWith } from '../codec/guard.js'
export { decodeFailure } from '../codec/decode-failure.js'
export { decodePayloads } from '../codec/decode-payloads.js'
export type { DecodePayloadsOptions } from '../codec/decode-payloads.js'
export { decodeResult, encodeParams } from '../codec/json-method.js'

// Read and check payloads
export { acceptsMediaTypes, parseMediaType } from '../codec/content-type.js'
export type { MediaType, MediaTypeRule } from '../codec/content-type.js'
export { fromUtf8, isWellFormed, toUtf8 } from '../codec/utf8.js'
export { isBytes } from '../codec/bytes.js'
export { requireDepth } from '../codec/depth.js'
export { findFault } from '../codec/plain-data.js'
export type { DataRule } from '../codec/plain-data.js'
