import { isLeft, right, type Either } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'
import { decodeFailure } from './decode-failure.js'

/** Converts between the values of a codec and other values. */
export interface CodecMapping<A, B, Sent = A> {
  readonly encode: (value: B) => Sent
  /** Returns the value, or a short reason why the input is invalid. */
  readonly decode: (value: A) => Either<string, B>
}

/**
 * Creates a codec of other values with the payloads of an existing codec.
 *
 * @example
 * ```ts
 * const celsius = mapCodec(text, {
 *   encode: (value: number) => value.toFixed(1),
 *   decode: (text) => (Number.isNaN(Number(text)) ? left(`expected a number, found ${text}`) : right(Number(text))),
 * })
 * ```
 */
export function mapCodec<A, B, Sent = A>(codec: Codec<A, Sent>, mapping: CodecMapping<A, B, Sent>): Codec<B> {
  const { contentType, isText, accepts, forContentType } = codec
  return {
    contentType,
    isText,
    accepts,
    encode: (value) => codec.encode(mapping.encode(value)),
    decode: (payload, received) => {
      const decoded = codec.decode(payload, received)
      if (isLeft(decoded)) return decoded
      const mapped = mapping.decode(decoded.right)
      return isLeft(mapped) ? decodeFailure(received ?? contentType, mapped.left) : right(mapped.right)
    },
    ...(forContentType && {
      forContentType: (received) => {
        const chosen = forContentType(received)
        return chosen && mapCodec(chosen, mapping)
      },
    }),
  }
}
