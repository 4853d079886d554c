import { invalidArgument } from '../argument.js'
import type { Codec } from './codec.js'
import { parseMediaType } from './content-type.js'
import { unsupportedContentType } from './decode-failure.js'

/**
 * Combines codecs of the same type: writes with the first, reads with the codec that matches the content type.
 *
 * A codec whose own content type it is takes precedence over codecs that only accept it. Without a content type, the
 * first codec reads. If no codec reads it, the decode error is of kind `content-type`. `forContentType` returns the codec
 * that reads a content type, so that a response can use the format of its request.
 *
 * @example
 * ```ts
 * const temperature = endpoint({ topic: 'temperature', request: text, response: oneOf(json(Reading), cbor(Reading)) })
 * ```
 */
export function oneOf<A, Sent = A>(
  ...codecs: readonly [Codec<A, Sent>, ...Codec<A, Sent>[]]
): Codec<A, Sent> {
  const [first] = codecs
  if (first === undefined) throw invalidArgument('oneOf() has no codec: pass at least one')
  const readable = codecs.map(({ contentType }) => contentType)

  const forContentType = (contentType: string | undefined): Codec<A, Sent> | undefined => {
    const member = contentType === undefined || contentType === '' ? first : memberFor(codecs, contentType)
    return member?.forContentType === undefined ? member : member.forContentType(contentType)
  }

  return {
    contentType: first.contentType,
    isText: first.isText,
    accepts: (contentType) => forContentType(contentType) !== undefined,
    encode: first.encode,
    decode: (payload, contentType) =>
      forContentType(contentType)?.decode(payload, contentType) ??
      unsupportedContentType(contentType, readable),
    forContentType,
    members: codecs,
  }
}

function memberFor<A, Sent>(
  codecs: readonly Codec<A, Sent>[],
  contentType: string,
): Codec<A, Sent> | undefined {
  const exact = codecs.find((codec) => codec.contentType === contentType)
  if (exact !== undefined) return exact
  const readers = codecs.filter((codec) => codec.accepts(contentType))
  const essence = parseMediaType(contentType)?.essence
  return readers.find((codec) => parseMediaType(codec.contentType)?.essence === essence) ?? readers[0]
}
