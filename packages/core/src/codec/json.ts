import type { Type } from 'io-ts'
import type { Codec } from './codec.js'
import { acceptsMediaTypes } from './content-type.js'
import { requireDepth } from './depth.js'
import { fromType } from './from-type.js'
import type { PayloadFormat, TypedCodecOptions } from './from-type.js'
import { fromUtf8, toUtf8 } from './utf8.js'

/**
 * JSON payloads typed by io-ts: `application/json`, reads `text/json` and every `…+json` too.
 *
 * Bytes that are not UTF-8 and a byte order mark [RFC 8259, 8.1] do not decode. Of a key that stands twice in one
 * object the last wins, as `JSON.parse` has it. A number beyond 2^53 loses digits, as everywhere in JavaScript: send it
 * as a string. What JSON cannot carry (`NaN`, a big integer, a `Date` that the type did not turn into a string,
 * `undefined` in an array, a cycle) does not encode. The type decides about further keys: `t.type` keeps them, `t.exact`
 * drops them.
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
    if (text.startsWith('\u{feff}')) throw new SyntaxError('a byte order mark has no place in JSON')
    return JSON.parse(text) as unknown
  },
  write: (data) => toUtf8(JSON.stringify(data)),
}

const quote = 0x22
const backslash = 0x5c
// `[` and `{`, `]` and `}` differ in this bit alone.
const braceBit = 0x20
const open = 0x7b
const close = 0x7d

/** Counts brackets outside strings; for anything that is JSON at all the count is its nesting. */
function requireShallow(payload: Uint8Array, maximumDepth: number): void {
  // Each level takes a byte at least.
  if (payload.length <= maximumDepth) return
  let depth = 0
  let isInString = false
  for (let at = 0; at < payload.length; at += 1) {
    const byte = payload[at] ?? 0
    if (isInString) {
      if (byte === backslash) at += 1
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
