import { isLeft, right, type Either } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'
import { decodeFailure } from './decode-failure.js'

/** How the values of one codec stand for the values of another. */
export interface CodecMapping<A, B> {
  readonly encode: (value: B) => A
  /** The value, or in a few words why there is none. */
  readonly decode: (value: A) => Either<string, B>
}

/**
 * A codec of other values over the same payloads.
 *
 * @example
 * ```ts
 * const celsius = mapCodec(text, {
 *   encode: (value: number) => value.toFixed(1),
 *   decode: (said) => (Number.isNaN(Number(said)) ? left(`expected a number, found ${said}`) : right(Number(said))),
 * })
 * ```
 */
export function mapCodec<A, B>(codec: Codec<A>, mapping: CodecMapping<A, B>): Codec<B> {
  const { contentType, isText, accepts, forContentType } = codec
  return {
    contentType,
    isText,
    accepts,
    encode: (value) => codec.encode(mapping.encode(value)),
    decode: (payload, sent) => {
      const decoded = codec.decode(payload, sent)
      if (isLeft(decoded)) return decoded
      const mapped = mapping.decode(decoded.right)
      return isLeft(mapped) ? decodeFailure(sent ?? contentType, mapped.left) : right(mapped.right)
    },
    ...(forContentType && {
      forContentType: (sent) => {
        const chosen = forContentType(sent)
        return chosen && mapCodec(chosen, mapping)
      },
    }),
  }
}
