import type { Codec } from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { right } from 'fp-ts/lib/Either.js'
import { list, optionalText, type Fields } from './metl-case.js'

/** Returns the serializer that a case describes: texts as UTF-8, and no value as no payload. */
export function testCodec(serializer: Fields): Codec<string | null> {
  const accepted = list(serializer['accept-content-types'])
  const contentType = optionalText(serializer['out-content-type']) ?? 'application/json'
  return {
    contentType,
    isText: serializer['indicate-character-data'] !== false,
    accepts: (found) => found === undefined || accepted.includes(found),
    encode: (value) => new TextEncoder().encode(value ?? ''),
    decode: (payload) => {
      if (serializer['fail-deserialization'] === true)
        return decodeFailure(contentType, 'the case lets it fail')
      if (payload.length === 0) return decodeFailure(contentType, 'there is no payload')
      return right(new TextDecoder().decode(payload))
    },
  }
}
