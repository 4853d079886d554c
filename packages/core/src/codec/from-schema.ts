import { isLeft, left } from 'fp-ts/lib/Either.js'
import { invalidArgument, requireArgument } from '../argument.js'
import { countRule, type OptionRules } from '../option-rules.js'
import type { Codec, CodecBounds } from './codec.js'
import { acceptsMediaTypes, parseMediaType } from './content-type.js'
import { decodeFailure, reasonOf } from './decode-failure.js'
import { invalidValue, type Conversion } from './conversion.js'
import type { IoTsType } from './io-ts-type.js'
import { findFault } from './plain-data.js'
import type { DataRule } from './plain-data.js'
import { schemaConversion } from './schema-conversion.js'
import type { StandardSchema } from './standard-schema.js'
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
  /** Whether all objects that `parse` returns are plain, as those of `JSON.parse` are. Saves a look at each. @defaultValue false */
  readonly parsesPlainObjects?: boolean
  /** Writes data. If it throws, the message becomes an `encode` error. */
  readonly write: (data: unknown) => Uint8Array
  /** Whether the format can represent a value that JSON cannot, such as bytes or a bigint. @defaultValue none */
  readonly carries?: (value: unknown) => boolean
  /** Whether the format can represent this string or key, for example with lone surrogates. @defaultValue all */
  readonly carriesText?: (text: string) => boolean
}

/** Options of a codec for a schema. */
export interface TypedCodecOptions extends CodecBounds {
  /** The media type to write, and to read in addition to that of the format: `application/vnd.acme.car+json`. */
  readonly contentType?: string
}

/** The option of a codec for a schema that transforms values. */
export interface SchemaEncoding<Sent, Input> {
  /** Converts a value that the sender passes to the input of the schema, which is validated and written. */
  readonly encode: (value: Sent) => Input
}

/** The rules of `TypedCodecOptions` and `SchemaEncoding`. */
export const typedCodecOptionRules: OptionRules<TypedCodecOptions & SchemaEncoding<never, unknown>> = {
  maximumBytes: countRule,
  maximumDepth: countRule,
  contentType: 'string',
  encode: 'function',
}

const defaultMaximumBytes = 1_048_576
const defaultMaximumDepth = 100

/**
 * Creates a codec from a schema and a format. The schema is an io-ts type or implements Standard Schema v1, as those of
 * zod, valibot, ArkType and joi do. `json` and the codecs for CBOR, MessagePack and XML are made this way.
 *
 * - The length is checked before a payload is read, the nesting before it is parsed. Both are checked on encoding too, so
 *   that every encoded payload can be decoded.
 * - Values are validated on encoding and on decoding. Errors name the exact path: `$.command.id: expected string, found 7`.
 * - The keys `__proto__`, and `constructor` with a `prototype` in it, are rejected at any depth.
 * - Values that the format would silently lose are rejected with their path.
 * - `decode` never throws, even if the schema throws.
 *
 * A schema whose output is not valid input needs the option `encode`. Without it, the program does not compile, and a value
 * that the schema changes does not encode.
 *
 * Throws `invalid-argument` for limits that are not whole positive numbers, for an invalid content type, and for a schema
 * that validates asynchronously.
 */
export function fromSchema<A, O>(
  type: IoTsType<A, O>,
  format: PayloadFormat,
  options?: TypedCodecOptions,
): Codec<A>
export function fromSchema<Input, A extends Input>(
  schema: StandardSchema<Input, A>,
  format: PayloadFormat,
  options?: TypedCodecOptions,
): Codec<A, Input>
export function fromSchema<Input, A, Sent = A>(
  schema: StandardSchema<Input, A>,
  format: PayloadFormat,
  options: TypedCodecOptions & SchemaEncoding<Sent, Input>,
): Codec<A, Sent>
export function fromSchema<A, Sent>(
  schema: IoTsType<A> | StandardSchema<unknown, A>,
  format: PayloadFormat,
  options: TypedCodecOptions & Partial<SchemaEncoding<Sent, unknown>> = {},
): Codec<A, Sent> {
  requireArgument('options', options, typedCodecOptionRules)
  return { ...fromConversion(schemaConversion(schema, options.encode), format, options), schema }
}

/** Creates a codec from a conversion and a format. */
export function fromConversion<A, Sent>(
  conversion: Conversion<A, Sent>,
  format: PayloadFormat,
  options: TypedCodecOptions,
): Codec<A, Sent> {
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
      const data = conversion.encode(value)
      const fault =
        data === undefined ? { path: '$', message: 'undefined cannot be encoded' } : findFault(data, rule)
      if (fault !== undefined) throw invalidValue(fault)
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
        const fault = findFault(data, rule, format.parsesPlainObjects)
        if (fault !== undefined) return decodeFailure(contentType, fault.message, fault.path)
        const decoded = conversion.decode(data)
        return isLeft(decoded) ? left({ kind: 'payload', contentType, issues: decoded.left }) : decoded
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
