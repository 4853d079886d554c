import type { Message } from '../message.js'
import type { Codec } from './codec.js'
import { codecFor } from './guard.js'
import { fromUtf8 } from './utf8.js'

/** What is wrong with a message that `isFalseText`. */
export const FALSE_TEXT = 'its Payload Format Indicator is 1, but the payload is not UTF-8'

/**
 * Whether a message has a Payload Format Indicator of 1, but a payload that is not UTF-8 [MQTT-3.3.2-4]. The payload is
 * scanned only if its codec has not done so.
 */
export function isFalseText(
  { payload, payloadFormatIndicator, contentType }: Message,
  codec: Codec<unknown>,
  isDecoded: boolean,
): boolean {
  if (payloadFormatIndicator !== true) return false
  return (!isDecoded || !codecFor(codec, contentType).isText) && !isUtf8(payload)
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    fromUtf8(bytes)
    return true
  } catch {
    return false
  }
}
