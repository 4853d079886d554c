import type { Either } from 'fp-ts/lib/Either.js'

/** Why bytes are not a value: where in the payload, what was expected, what was found. */
export interface DecodeIssue {
  /** The place inside the value, such as `$.command.id`; `$` is the whole. */
  readonly path: string
  readonly message: string
}

/** A payload that does not decode. */
export interface DecodeError {
  /**
   * `content-type`: nobody here reads payloads of that type, and none was tried; a responder answers 415.
   * `payload`: the bytes are not a value of the type; a responder answers 400.
   */
  readonly kind: 'content-type' | 'payload'
  /** The content type that nobody reads, or the one the payload was read as. */
  readonly contentType: string
  /** At least one; the first is the one to show. */
  readonly issues: readonly [DecodeIssue, ...DecodeIssue[]]
}

/**
 * A payload format: how a value becomes bytes and bytes become a value.
 *
 * `decode` never throws: what does not decode is a `Left`. `encode` may throw; its caller turns that into an `encode`
 * error before anything is sent. No member needs `this`, so that a codec may be spread into another.
 */
export interface Codec<A> {
  /** The media type it writes, as it stands in the Content Type property. */
  readonly contentType: string
  /** Whether its bytes are UTF-8 text, which MQTT 5 can say on the wire. */
  readonly isText: boolean
  /** Whether it reads payloads of this content type; an absent one is for the codec to guess. */
  readonly accepts: (contentType: string | undefined) => boolean
  readonly encode: (value: A) => Uint8Array
  readonly decode: (payload: Uint8Array, contentType?: string) => Either<DecodeError, A>
  /**
   * The one of several codecs that reads this content type, so that an answer can be written in the asker's own
   * format; `undefined` where none does. Left out by a codec that has a single format.
   */
  readonly forContentType?: (contentType: string | undefined) => Codec<A> | undefined
}

/** How much of a payload is looked at before it is refused. */
export interface CodecBounds {
  /** The longest payload, in bytes. It is measured before a byte is read. @defaultValue 1 048 576 */
  readonly maximumBytes?: number
  /** How deep arrays and objects may be nested, measured before anything is parsed. @defaultValue 100 */
  readonly maximumDepth?: number
}
