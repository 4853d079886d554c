import { left } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { AntiphonError } from '../errors.js'
import type { DecodeError } from './codec.js'

/** The `Left` of a payload that does not decode, for a codec of one's own: where (`$` is the whole) and why. */
export function decodeFailure(contentType: string, message: string, path = '$'): Either<DecodeError, never> {
  return left({ kind: 'payload', contentType, issues: [{ path, message }] })
}

/** The `Left` of a payload whose content type nobody reads; nothing was tried. */
export function unreadContentType(
  contentType: string | undefined,
  readable: readonly string[],
): Either<DecodeError, never> {
  const sent = contentType === undefined ? 'a payload without a content type' : JSON.stringify(contentType)
  const message = `${sent} is not read here; send ${readable.join(' or ')}`
  return left({ kind: 'content-type', contentType: contentType ?? '', issues: [{ path: '$', message }] })
}

/** What an exception has to say. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AntiphonError) return thrown.rawMessage
  return thrown instanceof Error ? thrown.message : String(thrown)
}
