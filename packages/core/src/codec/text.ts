import { right } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'
import { acceptsMediaTypes } from './content-type.js'
import { decodeFailure, reasonOf } from './decode-failure.js'
import { fromUtf8, isWellFormed, toUtf8 } from './utf8.js'

/**
 * A codec for plain UTF-8 text: writes `text/plain`, reads any `text/*`.
 *
 * A byte order mark is kept as a character. Invalid UTF-8 does not decode; a lone surrogate does not encode.
 */
export const text: Codec<string> = {
  contentType: 'text/plain',
  isText: true,
  accepts: acceptsMediaTypes({ types: ['text/*'] }),
  encode: (value) => {
    if (typeof value !== 'string') throw new TypeError(`expected a string, found ${typeof value}`)
    if (!isWellFormed(value)) throw new TypeError('the text holds a lone surrogate: UTF-8 cannot encode it')
    return toUtf8(value)
  },
  decode: (payload) => {
    try {
      return right(fromUtf8(payload))
    } catch (thrown) {
      return decodeFailure('text/plain', reasonOf(thrown))
    }
  },
}
