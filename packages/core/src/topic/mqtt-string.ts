import { maxStringSize, utf8Size } from '@antiphon/packet'

/**
 * Characters that a string must not hold (U+0000 [MQTT-1.5.4-2], lone surrogates [MQTT-1.5.4-1]) or should not (control
 * characters, non-characters; section 1.5.4). Strict brokers close the connection on those.
 */
const invalidCharacter = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
/** A fast check for most strings, see decision 0009. */
const printableAscii = /^[ -~]*$/
const invalidCharacters = new RegExp(invalidCharacter, 'gu')

/** Returns why a text cannot be a UTF-8 String of a packet; `undefined` if it can. It may be empty. */
export function validateString(text: string): string | undefined {
  if (typeof text !== 'string') return `it is of type ${typeof text}, not a string`
  if (!printableAscii.test(text) && invalidCharacter.test(text)) return describeInvalidCharacter(text)
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (text.length * 3 <= maxStringSize) return undefined
  const bytes = utf8Size(text)
  if (bytes <= maxStringSize) return undefined
  return `it takes ${bytes} bytes of UTF-8, at most ${maxStringSize} are allowed [MQTT-4.7.3-3]`
}

/** Makes a text a valid UTF-8 String of a packet: escapes invalid characters and cuts it to 65 535 bytes. */
export function toMqttString(text: string): string {
  const valid = text.replace(invalidCharacters, escape)
  if (valid.length * 3 <= maxStringSize) return valid
  const { read } = new TextEncoder().encodeInto(valid, new Uint8Array(maxStringSize))
  return valid.slice(0, read)
}

/** Formats a text for an error message: quoted, with control characters escaped, cut to 80 characters. */
export function quoted(text: string): string {
  if (typeof text !== 'string') return String(text)
  return text.length <= 80
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, 80))}… (${text.length} characters)`
}

function escape(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

function describeInvalidCharacter(text: string): string | undefined {
  const character = invalidCharacter.exec(text)?.[0].codePointAt(0) ?? 0
  const name = `U+${character.toString(16).toUpperCase().padStart(4, '0')}`
  if (character === 0) return `it holds ${name} [MQTT-1.5.4-2] [MQTT-4.7.3-2]`
  if (character >= 0xd800 && character <= 0xdfff)
    return `it holds ${name}, half a surrogate pair [MQTT-1.5.4-1]`
  if (character <= 0x9f) return `it holds the control character ${name} (MQTT 5, 1.5.4)`
  return `it holds the non-character ${name} (MQTT 5, 1.5.4)`
}
