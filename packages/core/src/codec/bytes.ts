import { right } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'

/**
 * Payloads as they are: `application/octet-stream`, reads every content type.
 *
 * Nothing is copied: the value is the payload itself, and who writes into it writes into the message.
 */
export const bytes: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  isText: false,
  accepts: () => true,
  encode: (value) => value,
  decode: (payload) => right(payload),
}
