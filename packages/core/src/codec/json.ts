import { acceptsMediaTypes } from './content-type.js'
import { requireDepth } from './depth.js'
import type { PayloadFormat } from './from-schema.js'
import { schemaCodec, type SchemaCodec } from './schema-codec.js'
import { fromUtf8, toUtf8 } from './utf8.js'

// A smaller payload is parsed before its nesting is checked, see decision 0031.
const largePayload = 65_536
const byteOrderMark = 0xfeff

const format: PayloadFormat = {
  contentType: 'application/json',
  isText: true,
  accepts: acceptsMediaTypes({ types: ['application/json', 'text/json'], suffix: '+json' }),
  parse: (payload, maximumDepth) => {
    if (payload.length > largePayload) requireShallow(payload, maximumDepth)
    const text = fromUtf8(payload)
    if (text.charCodeAt(0) === byteOrderMark) {
      throw new SyntaxError('a byte order mark is not allowed in JSON')
    }
    try {
      return JSON.parse(text) as unknown
    } catch (thrown) {
      // The error is the same wherever a payload that is too deep ends.
      requireShallow(payload, maximumDepth)
      throw thrown
    }
  },
  parsesPlainObjects: true,
  write: (data) => toUtf8(JSON.stringify(data)),
}

/**
 * Creates a codec for JSON payloads from an io-ts type or a schema of zod, valibot, ArkType, joi or another library that
 * implements Standard Schema v1: writes `application/json`, also reads `text/json` and every `…+json`.
 *
 * Invalid UTF-8 and a byte order mark [RFC 8259, 8.1] do not decode. Of duplicate keys in an object, the last wins, as in
 * `JSON.parse`. Integers beyond 2^53 lose digits, as everywhere in JavaScript: send them as strings. `-0` is written as `0`,
 * as by `JSON.stringify`, because parsers of integers reject `-0`. Values that JSON cannot represent do not encode: `NaN`, a
 * bigint, a `Date` that the schema did not turn into a string, `undefined` in an array, a cycle. The schema decides about
 * additional keys: `t.type` keeps them, `t.exact` and zod's `z.object` drop them.
 *
 * `json.unchecked<A>()` checks no schema.
 *
 * @example
 * ```ts
 * const unlock = json(t.type({ command: t.type({ id: t.string }) }))
 * unlock.decode(new TextEncoder().encode('{"command":{"id":7}}')) // left: $.command.id: expected string, found 7
 * ```
 */
export const json: SchemaCodec = /* @__PURE__ */ schemaCodec(format)

const quote = 0x22
const backslash = 0x5c
// `[` and `{`, and `]` and `}`, differ only in this bit.
const braceBit = 0x20
const open = 0x7b
const close = 0x7d

/** Counts brackets outside strings. For valid JSON, the count is its nesting. */
function requireShallow(payload: Uint8Array, maximumDepth: number): void {
  // Each level takes at least one byte.
  if (payload.length <= maximumDepth) return
  let depth = 0
  let isInString = false
  for (let index = 0; index < payload.length; index += 1) {
    const byte = payload[index] ?? 0
    if (isInString) {
      if (byte === backslash) index += 1
      else if (byte === quote) isInString = false
    } else if (byte === quote) {
      isInString = true
    } else if ((byte | braceBit) === open) {
      depth += 1
      requireDepth(depth, maximumDepth)
    } else if ((byte | braceBit) === close) {
      depth -= 1
    }
  }
}
