import { left, right } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { AntiphonError } from '../errors.js'
import { isBytes } from './bytes.js'
import type { Codec, DecodeError } from './codec.js'
import { decodeFailure, reasonOf, unsupportedContentType } from './decode-failure.js'
import { renderValue, shorten } from '../rendering.js'

const maximumReasonLength = 200

/**
 * Encodes a value. Never throws: returns a `Left` with an `encode` error if the codec throws or returns anything but a
 * `Uint8Array`.
 */
export function encodeWith<A>(codec: Codec<A>, value: A): Either<AntiphonError<'encode'>, Uint8Array> {
  try {
    const payload: unknown = codec.encode(value)
    if (isBytes(payload)) return right(payload)
    return left(
      encodeError(
        `the ${codec.contentType} codec returned ${renderValue(payload)}: it must return a Uint8Array`,
      ),
    )
  } catch (thrown) {
    if (isEncodeError(thrown)) return left(thrown)
    const reason = shorten(reasonOf(thrown), maximumReasonLength)
    return left(encodeError(`cannot encode the value as ${codec.contentType}: ${reason}`, thrown))
  }
}

/**
 * Decodes a payload; returns a `Left` for a content type that the codec does not read (`kind: 'content-type'`) or an
 * invalid payload. Never throws, even if the codec throws.
 */
export function decodeWith<A>(
  codec: Codec<A>,
  payload: Uint8Array,
  contentType?: string,
): Either<DecodeError, A> {
  try {
    // A codec with several formats names the supported content types itself.
    const isSingle = codec.forContentType === undefined
    if (isSingle && !codec.accepts(contentType))
      return unsupportedContentType(contentType, [codec.contentType])
    const decoded: Either<DecodeError, A> = codec.decode(payload, contentType)
    // A custom codec, perhaps written without types, may return any value.
    if (decoded._tag === 'Right' || decoded._tag === 'Left') return decoded
    return decodeFailure(codec.contentType, 'the codec did not return an Either')
  } catch (thrown) {
    return decodeFailure(
      codec.contentType,
      `the codec threw: ${shorten(reasonOf(thrown), maximumReasonLength)}`,
    )
  }
}

/** Returns the codec for a response: the one that reads the content type of the request, or the codec itself. */
export function codecFor<A, Sent = A>(
  codec: Codec<A, Sent>,
  contentType: string | undefined,
): Codec<A, Sent> {
  return codec.forContentType?.(contentType) ?? codec
}

function encodeError(message: string, cause?: unknown): AntiphonError<'encode'> {
  return new AntiphonError('encode', message, {
    phase: 'before-network',
    ...(cause === undefined ? {} : { cause }),
  })
}

function isEncodeError(thrown: unknown): thrown is AntiphonError<'encode'> {
  return thrown instanceof AntiphonError && thrown.code === 'encode'
}
