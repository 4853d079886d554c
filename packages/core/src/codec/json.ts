import type { Type } from 'io-ts'
import type { Codec } from './codec.js'
import { acceptsMediaTypes } from './content-type.js'
import { requireDepth } from './depth.js'
import { fromType } from './from-type.js'
import type { PayloadFormat, TypedCodecOptions } from './from-type.js'
import { fromUtf8, toUtf8 } from './utf8.js'

/**
 * Creates a codec for JSON payloads typed by io-ts: writes `application/json`, also reads `text/json` and every `…+json`.
 *
 * Invalid UTF-8 and a byte order mark [RFC 8259, 8.1] do not decode. Of duplicate keys in an object, the last wins, as in
 * `JSON.parse`. Integers beyond 2^53 lose digits, as everywhere in JavaScript: send them as strings. `-0` is written as `0`,
 * as by `JSON.stringify`, because parsers of integers reject `-0`. Values that JSON cannot represent do not encode: `NaN`, a
 * bigint, a `Date` that the type did not turn into a string, `undefined` in an array, a cycle. The type decides about additional keys: `t.type` keeps them, `t.exact` drops them.
 *
 * @example
 * ```ts
 * const unlock = json(t.type({ command: t.type({ id: t.string }) }))
 * unlock.decode(new TextEncoder().encode('{"command":{"id":7}}')) // left: $.command.id: expected string, found 7
 * ```
 */
export function json<A, O>(type: Type<A, O, unknown>, options?: TypedCodecOptions): Codec<A> {
  return fromType(type, format, options)
}

const format: PayloadFormat = {
  contentType: 'application/json',
  isText: true,
  accepts: acceptsMediaTypes({ types: ['application/json', 'text/json'], suffix: '+json' }),
  parse: (payload, maximumDepth) => {
    requireShallow(payload, maximumDepth)
    const text = fromUtf8(payload)
    if (text.startsWith('\u{feff}')) throw new SyntaxError('a byte order mark is not allowed in JSON')
    return JSON.parse(text) as unknown
  },
  write: (data) => toUtf8(JSON.stringify(data)),
}

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
