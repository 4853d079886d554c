import { left, right } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { AntiphonError } from '../errors.js'
import { isBytes } from './bytes.js'
import type { Codec, DecodeError } from './codec.js'
import { decodeFailure, reasonOf, unreadContentType } from './decode-failure.js'
import { renderValue, shorten } from './rendering.js'

const longestReason = 200

/**
 * The value's payload, or why there is none. Never throws: a codec that throws, or that gives anything but a
 * `Uint8Array`, is the caller's `encode` error before anything is sent.
 */
export function encodeWith<A>(codec: Codec<A>, value: A): Either<AntiphonError<'encode'>, Uint8Array> {
  try {
    const payload: unknown = codec.encode(value)
    if (isBytes(payload)) return right(payload)
    return left(
      unencodable(`the ${codec.contentType} codec gave ${renderValue(payload)}: it must give a Uint8Array`),
    )
  } catch (thrown) {
    if (isEncodeError(thrown)) return left(thrown)
    const reason = shorten(reasonOf(thrown), longestReason)
    return left(unencodable(`the value does not encode as ${codec.contentType}: ${reason}`, thrown))
  }
}

/**
 * The payload's value, or why there is none: a content type the codec does not read (`kind: 'content-type'`), or bytes
 * that are no value. Never throws, whatever the codec does.
 */
export function decodeWith<A>(
  codec: Codec<A>,
  payload: Uint8Array,
  contentType?: string,
): Either<DecodeError, A> {
  try {
    // Who has a codec for each content type knows best which are missing.
    const isSingle = codec.forContentType === undefined
    if (isSingle && !codec.accepts(contentType)) return unreadContentType(contentType, [codec.contentType])
    const decoded: Either<DecodeError, A> = codec.decode(payload, contentType)
    // Somebody's own codec, perhaps without types, may answer with anything.
    if (decoded._tag === 'Right' || decoded._tag === 'Left') return decoded
    return decodeFailure(codec.contentType, 'the codec did not give an Either')
  } catch (thrown) {
    return decodeFailure(codec.contentType, `the codec threw: ${shorten(reasonOf(thrown), longestReason)}`)
  }
}

/** The codec to answer in: the one of several that reads the asker's content type, or the codec itself. */
export function codecFor<A>(codec: Codec<A>, contentType: string | undefined): Codec<A> {
  return codec.forContentType?.(contentType) ?? codec
}

function unencodable(message: string, cause?: unknown): AntiphonError<'encode'> {
  return new AntiphonError('encode', message, {
    phase: 'before-network',
    ...(cause === undefined ? {} : { cause }),
  })
}

function isEncodeError(thrown: unknown): thrown is AntiphonError<'encode'> {
  return thrown instanceof AntiphonError && thrown.code === 'encode'
}
