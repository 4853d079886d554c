import type { Codec } from '@antiphon/core'
import { parseMediaType } from '@antiphon/core/codec'
import { right } from 'fp-ts/lib/Either.js'

/** A payload as it travels. */
export interface Payload {
  readonly bytes: Uint8Array
  /** The media type; `undefined` for none. */
  readonly contentType: string
}

const binary = 'application/octet-stream'

/**
 * Returns the codec of endpoints whose payloads are written and read outside of it: it reads every content type, and writes
 * bytes as the given one.
 */
export function payloadCodec(contentType: string = binary): Codec<Uint8Array> {
  return {
    contentType,
    isText: isTextType(contentType),
    accepts: () => true,
    encode: (bytes) => bytes,
    decode: (bytes) => right(bytes),
    forContentType: (received) => payloadCodec(received ?? binary),
  }
}

/** Whether payloads of a media type are UTF-8 text. */
export function isTextType(contentType: string): boolean {
  const essence = parseMediaType(contentType)?.essence ?? ''
  return /^text\/|[/+](json|xml)$/.test(essence)
}
