import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Type } from 'io-ts'
import { invalidArgument, requireNumber } from '../argument.js'
import type { Codec, CodecBounds } from './codec.js'
import { acceptsMediaTypes, parseMediaType } from './content-type.js'
import { decodeFailure, reasonOf } from './decode-failure.js'
import { toIssues } from './issues.js'
import { findFault } from './plain-data.js'
import type { DataRule } from './plain-data.js'
import { shorten } from './rendering.js'

/** How plain data becomes bytes and bytes become plain data; the part of a codec that knows the format. */
export interface PayloadFormat {
  /** The media type written, unless the codec's options name another. */
  readonly contentType: string
  readonly isText: boolean
  /** Whether it reads this content type; see `acceptsMediaTypes`. */
  readonly accepts: (contentType: string | undefined) => boolean
  /**
   * Bytes to data. Their number is within the bound already; the nesting is to be measured before anything is parsed.
   * What it throws becomes the one issue of a `Left`.
   */
  readonly parse: (payload: Uint8Array, maximumDepth: number) => unknown
  /** Data to bytes. What it throws becomes an `encode` error. */
  readonly write: (data: unknown) => Uint8Array
  /** What the format carries beyond JSON's data: bytes, big integers. @defaultValue nothing */
  readonly carries?: (value: unknown) => boolean
  /** Whether the format carries this text or key, lone surrogates and all. @defaultValue every one */
  readonly carriesText?: (text: string) => boolean
}

/** Options of a codec made from an io-ts type. */
export interface TypedCodecOptions extends CodecBounds {
  /** The media type to write and, beside the format's own, to read, such as `application/vnd.acme.car+json`. */
  readonly contentType?: string
}

const defaultMaximumBytes = 1_048_576
const defaultMaximumDepth = 100

/**
 * A codec from a format and an io-ts type: what JSON, CBOR, MessagePack and XML have in common.
 *
 * - The length is measured before a byte is read, the nesting before anything is parsed; both hold for writing too, so
 *   that whatever is written can be read.
 * - Decode errors name the exact place: `$.command.id: expected string, found 7`.
 * - `__proto__`, and a `constructor` that holds a `prototype`, are refused wherever they stand.
 * - Values the format would silently lose are refused, with their place.
 * - `decode` never throws, whatever the io-ts type does.
 *
 * Throws `invalid-argument` for bounds that are not whole positive numbers and for a content type that is not one.
 */
export function fromType<A, O>(
  type: Type<A, O, unknown>,
  format: PayloadFormat,
  options: TypedCodecOptions = {},
): Codec<A> {
  const { contentType = format.contentType } = options
  const accepts = acceptsAlso(contentType, format.accepts)
  const atLeastOne = { least: 1, isWhole: true }
  const maximumBytes = requireNumber('maximumBytes', options.maximumBytes ?? defaultMaximumBytes, atLeastOne)
  const maximumDepth = requireNumber('maximumDepth', options.maximumDepth ?? defaultMaximumDepth, atLeastOne)
  const rule: DataRule = {
    maximumDepth,
    carries: format.carries ?? (() => false),
    carriesText: format.carriesText,
    refusal: `is not what ${contentType} can carry`,
  }

  return {
    contentType,
    isText: format.isText,
    accepts,
    encode: (value) => {
      const data = type.encode(value)
      const fault =
        data === undefined ? { path: '$', message: 'undefined has no bytes' } : findFault(data, rule)
      if (fault !== undefined) throw new TypeError(`${fault.path}: ${fault.message}`)
      const payload = format.write(data)
      if (payload.length <= maximumBytes) return payload
      throw new RangeError(`${payload.length} bytes, more than the ${maximumBytes} of the bound`)
    },
    decode: (payload) => {
      if (payload.length > maximumBytes) {
        return decodeFailure(
          contentType,
          `${payload.length} bytes, more than the ${maximumBytes} of the bound`,
        )
      }
      try {
        const data = format.parse(payload, maximumDepth)
        const fault = findFault(data, rule)
        if (fault !== undefined) return decodeFailure(contentType, fault.message, fault.path)
        const decoded = type.decode(data)
        if (isLeft(decoded)) return left({ kind: 'payload', contentType, issues: toIssues(decoded.left) })
        return right(decoded.right)
      } catch (thrown) {
        return decodeFailure(contentType, shorten(reasonOf(thrown), longestReason))
      }
    },
  }
}

const longestReason = 200

function acceptsAlso(own: string, accepts: PayloadFormat['accepts']): PayloadFormat['accepts'] {
  const essence = parseMediaType(own)?.essence
  const acceptsOwn = acceptsMediaTypes({ types: essence === undefined ? [] : [essence] })
  if (essence === undefined || !acceptsOwn(own)) {
    const shown = JSON.stringify(shorten(own))
    throw invalidArgument(
      `contentType is ${shown}: it must be a media type such as text/plain, without a foreign charset`,
    )
  }
  return accepts(own) ? accepts : (received) => acceptsOwn(received) || accepts(received)
}
