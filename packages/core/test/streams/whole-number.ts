import { text, type Codec } from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { right } from 'fp-ts/lib/Either.js'

/** Encodes a whole number as text; anything else does not decode. */
export const wholeNumber: Codec<number> = {
  contentType: 'text/plain',
  isText: true,
  accepts: () => true,
  encode: (value) => text.encode(String(value)),
  decode: (payload) => {
    const decoded = new TextDecoder().decode(payload)
    return decoded !== '' && !/\D/.test(decoded)
      ? right(Number(decoded))
      : decodeFailure('text/plain', 'expected a whole number')
  },
}
