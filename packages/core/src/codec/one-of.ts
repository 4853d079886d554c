import { invalidArgument } from '../argument.js'
import type { Codec } from './codec.js'
import { parseMediaType } from './content-type.js'
import { unreadContentType } from './decode-failure.js'

/**
 * One codec out of several for the same type: writes with the first, reads with the one that fits the content type.
 *
 * The one whose own content type it is comes before those that merely accept it; no content type means the first. Where
 * none reads it the decode error is of kind `content-type`. `forContentType` gives the one that would read, so that an
 * answer can go out in the asker's format.
 *
 * @example
 * ```ts
 * const temperature = endpoint({ topic: 'temperature', request: text, response: oneOf(json(Reading), cbor(Reading)) })
 * ```
 */
export function oneOf<A>(...codecs: readonly [Codec<A>, ...Codec<A>[]]): Codec<A> {
  const [first] = codecs
  if (first === undefined) throw invalidArgument('oneOf() was given no codec: it needs at least one')
  const readable = codecs.map(({ contentType }) => contentType)

  const forContentType = (contentType: string | undefined): Codec<A> | undefined => {
    const member = contentType === undefined || contentType === '' ? first : memberFor(codecs, contentType)
    return member?.forContentType === undefined ? member : member.forContentType(contentType)
  }

  return {
    contentType: first.contentType,
    isText: first.isText,
    accepts: (contentType) => forContentType(contentType) !== undefined,
    encode: first.encode,
    decode: (payload, contentType) =>
      forContentType(contentType)?.decode(payload, contentType) ?? unreadContentType(contentType, readable),
    forContentType,
  }
}

function memberFor<A>(codecs: readonly Codec<A>[], contentType: string): Codec<A> | undefined {
  const exact = codecs.find((codec) => codec.contentType === contentType)
  if (exact !== undefined) return exact
  const readers = codecs.filter((codec) => codec.accepts(contentType))
  const essence = parseMediaType(contentType)?.essence
  return readers.find((codec) => parseMediaType(codec.contentType)?.essence === essence) ?? readers[0]
}
