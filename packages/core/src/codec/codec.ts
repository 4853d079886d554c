import type { Either } from 'fp-ts/lib/Either.js'

/** One reason why a payload does not decode. */
export interface DecodeIssue {
  /** The path inside the value, such as `$.command.id`; `$` is the whole value. */
  readonly path: string
  /** What was expected and what was found. */
  readonly message: string
}

/** The error of a payload that does not decode. */
export interface DecodeError {
  /**
   * `content-type`: the content type is not supported, and the payload was not read; a responder answers 415.
   * `payload`: the bytes are not a value of the type; a responder answers 400.
   */
  readonly kind: 'content-type' | 'payload'
  /** The content type that is not supported, or as which the payload was read. */
  readonly contentType: string
  /** At least one issue; the first is the most useful one. */
  readonly issues: readonly [DecodeIssue, ...DecodeIssue[]]
}

/**
 * A payload format: converts values to bytes and bytes to values.
 *
 * `decode` never throws: it returns a `Left` for an invalid payload. `encode` may throw; the library turns that into an
 * `encode` error before anything is sent. No member uses `this`, so that a codec may be spread into another.
 *
 * `Sent` is the type of the values that it encodes. It differs from `A` for a schema that transforms values: a sender may
 * leave out a property with a default, and a receiver always finds it.
 */
export interface Codec<A, Sent = A> {
  /** The media type that it writes, for the Content Type property. */
  readonly contentType: string
  /** Whether its bytes are UTF-8 text, for the Payload Format Indicator property. */
  readonly isText: boolean
  /** Whether it reads payloads of this content type, or payloads without one. */
  readonly accepts: (contentType: string | undefined) => boolean
  readonly encode: (value: Sent) => Uint8Array
  readonly decode: (payload: Uint8Array, contentType?: string) => Either<DecodeError, A>
  /**
   * Returns the codec that reads this content type, so that a response can use the format of its request; otherwise
   * `undefined`. Absent on a codec with a single format.
   */
  readonly forContentType?: (contentType: string | undefined) => Codec<A, Sent> | undefined
  /** The schema that it was created from, for tools that describe it; absent if it has none. */
  readonly schema?: unknown
  /** The codecs that it combines, for tools that describe it; absent on a codec with a single format. */
  readonly members?: readonly Codec<A, Sent>[]
}

/** The limits of payloads. */
export interface CodecBounds {
  /** The longest payload in bytes, checked before it is read. @defaultValue 1 048 576 */
  readonly maximumBytes?: number
  /** The deepest nesting of arrays and objects, checked before the payload is parsed. @defaultValue 100 */
  readonly maximumDepth?: number
}
