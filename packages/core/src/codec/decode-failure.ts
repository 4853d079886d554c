import { left } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { AntiphonError } from '../errors.js'
import type { DecodeError } from './codec.js'

/** Returns the `Left` of an invalid payload, with the path of the fault (`$` is the whole value); for custom codecs. */
export function decodeFailure(contentType: string, message: string, path = '$'): Either<DecodeError, never> {
  return left({ kind: 'payload', contentType, issues: [{ path, message }] })
}

/** Returns the `Left` of a payload whose content type is not supported. */
export function unsupportedContentType(
  contentType: string | undefined,
  readable: readonly string[],
): Either<DecodeError, never> {
  const subject =
    contentType === undefined ? 'no content type' : `content type ${JSON.stringify(contentType)}`
  const message = `${subject} is not supported: send ${readable.join(' or ')}`
  return left({ kind: 'content-type', contentType: contentType ?? '', issues: [{ path: '$', message }] })
}

/** Returns the message of an exception. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AntiphonError) return thrown.rawMessage
  return thrown instanceof Error ? thrown.message : String(thrown)
}
