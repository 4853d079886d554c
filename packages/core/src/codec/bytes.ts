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

/** Whether a value is a `Uint8Array`; one of another realm, as test runners and frames have them, is one too. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
