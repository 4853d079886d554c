import { right } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'

/**
 * A codec for raw bytes: writes `application/octet-stream`, reads every content type.
 *
 * The value is the payload itself, not a copy: changing it changes the message.
 */
export const bytes: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  isText: false,
  accepts: () => true,
  encode: (value) => value,
  decode: (payload) => right(payload),
}

/** Whether a value is a `Uint8Array`, also of another realm such as a frame or a test runner. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
