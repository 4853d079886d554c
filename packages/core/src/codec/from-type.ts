import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Type } from 'io-ts'
import { invalidArgument, requireArgument } from '../argument.js'
import { countRule, type OptionRules } from '../option-rules.js'
import type { Codec, CodecBounds } from './codec.js'
import { acceptsMediaTypes, parseMediaType } from './content-type.js'
import { decodeFailure, reasonOf } from './decode-failure.js'
import { toIssues } from './issues.js'
import { findFault } from './plain-data.js'
import type { DataRule } from './plain-data.js'
import { shorten } from '../rendering.js'

/** A payload format: converts plain data to bytes and bytes to plain data. */
export interface PayloadFormat {
  /** The media type that it writes, unless the options of the codec set another. */
  readonly contentType: string
  readonly isText: boolean
  /** Whether it reads this content type; see `acceptsMediaTypes`. */
  readonly accepts: (contentType: string | undefined) => boolean
  /**
   * Parses bytes. Their length was checked already; the nesting must be checked before parsing. If it throws, the message
   * becomes the issue of a `Left`.
   */
  readonly parse: (payload: Uint8Array, maximumDepth: number) => unknown
  /** Writes data. If it throws, the message becomes an `encode` error. */
  readonly write: (data: unknown) => Uint8Array
  /** Whether the format can represent a value that JSON cannot, such as bytes or a bigint. @defaultValue none */
  readonly carries?: (value: unknown) => boolean
  /** Whether the format can represent this string or key, for example with lone surrogates. @defaultValue all */
  readonly carriesText?: (text: string) => boolean
}

/** Options of a codec for an io-ts type. */
export interface TypedCodecOptions extends CodecBounds {
  /** The media type to write, and to read in addition to that of the format: `application/vnd.acme.car+json`. */
  readonly contentType?: string
}

/** The rules of `TypedCodecOptions`. */
export const typedCodecOptionRules: OptionRules<TypedCodecOptions> = {
  maximumBytes: countRule,
  maximumDepth: countRule,
  contentType: 'string',
}

const defaultMaximumBytes = 1_048_576
const defaultMaximumDepth = 100

/**
 * Creates a codec from a format and an io-ts type. JSON, CBOR, MessagePack and XML codecs are made this way.
 *
 * - The length is checked before a payload is read, the nesting before it is parsed. Both are checked on encoding too, so
 *   that every encoded payload can be decoded.
 * - Decode errors name the exact path: `$.command.id: expected string, found 7`.
 * - The keys `__proto__`, and `constructor` with a `prototype` in it, are rejected at any depth.
 * - Values that the format would silently lose are rejected with their path.
 * - `decode` never throws, even if the io-ts type throws.
 *
 * Throws `invalid-argument` for limits that are not whole positive numbers and for an invalid content type.
 */
export function fromType<A, O>(
  type: Type<A, O, unknown>,
  format: PayloadFormat,
  options: TypedCodecOptions = {},
): Codec<A> {
  requireArgument('options', options, typedCodecOptionRules)
  const { maximumBytes = defaultMaximumBytes, maximumDepth = defaultMaximumDepth } = options
  const { contentType = format.contentType } = options
  const accepts = acceptsAlso(contentType, format.accepts)
  const rule: DataRule = {
    maximumDepth,
    carries: format.carries ?? (() => false),
    carriesText: format.carriesText,
    refusal: `cannot be represented in ${contentType}`,
  }

  const tooLong = ({ length }: Uint8Array): string => `${length} bytes exceed maximumBytes ${maximumBytes}`

  return {
    contentType,
    isText: format.isText,
    accepts,
    encode: (value) => {
      const data = type.encode(value)
      const fault =
        data === undefined ? { path: '$', message: 'undefined cannot be encoded' } : findFault(data, rule)
      if (fault !== undefined) throw new TypeError(`${fault.path}: ${fault.message}`)
      const payload = format.write(data)
      if (payload.length <= maximumBytes) return payload
      throw new RangeError(tooLong(payload))
    },
    decode: (payload) => {
      if (payload.length > maximumBytes) {
        return decodeFailure(contentType, tooLong(payload))
      }
      try {
        const data = format.parse(payload, maximumDepth)
        const fault = findFault(data, rule)
        if (fault !== undefined) return decodeFailure(contentType, fault.message, fault.path)
        const decoded = type.decode(data)
        if (isLeft(decoded)) return left({ kind: 'payload', contentType, issues: toIssues(decoded.left) })
        return right(decoded.right)
      } catch (thrown) {
        return decodeFailure(contentType, shorten(reasonOf(thrown), maximumReasonLength))
      }
    },
  }
}

const maximumReasonLength = 200

function acceptsAlso(own: string, accepts: PayloadFormat['accepts']): PayloadFormat['accepts'] {
  const essence = parseMediaType(own)?.essence
  const acceptsOwn = acceptsMediaTypes({ types: essence === undefined ? [] : [essence] })
  if (essence === undefined || !acceptsOwn(own)) {
    const shown = JSON.stringify(shorten(own))
    throw invalidArgument(
      `contentType is ${shown}: it must be a media type such as text/plain, with no charset but UTF-8`,
    )
  }
  return accepts(own) ? accepts : (received) => acceptsOwn(received) || accepts(received)
}
