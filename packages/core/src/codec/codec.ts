import type { Either } from 'fp-ts/lib/Either.js'

/** Why bytes are not a value: where in the payload, what was expected, what was found. */
export interface DecodeIssue {
  /** The place inside the value, such as `$.command.id`; `$` is the whole. */
  readonly path: string
  readonly message: string
}

/** A payload that does not decode. */
export interface DecodeError {
  readonly contentType: string
  /** At least one; the first is the one to show. */
  readonly issues: readonly [DecodeIssue, ...DecodeIssue[]]
}

/**
 * A payload format: how a value becomes bytes and bytes become a value.
 *
 * `decode` never throws: what does not decode is a `Left`. `encode` may throw; its caller turns that into an `encode`
 * error before anything is sent.
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
}
