/** The most bytes a string takes in a packet: its length travels in two bytes [MQTT-4.7.3-3]. */
export const maximumStringBytes = 65_535

/**
 * What a string must not hold (U+0000 [MQTT-1.5.4-2], lone surrogates [MQTT-1.5.4-1]) or should not (control characters,
 * non-characters; section 1.5.4): brokers that mind close the connection on those.
 */
const unfit = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
/** What nearly all strings are, told in a fraction of the time. */
const plain = /^[ -~]*$/
const everyUnfit = new RegExp(unfit, 'gu')

/** Why a text cannot be a UTF-8 string of a packet; `undefined` when it can. Empty is fine here. */
export function validateString(text: string): string | undefined {
  if (typeof text !== 'string') return `it is of type ${typeof text}, not a string`
  if (!plain.test(text) && unfit.test(text)) return unfitCharacter(text)
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (text.length * 3 <= maximumStringBytes) return undefined
  const bytes = new TextEncoder().encode(text).length
  if (bytes <= maximumStringBytes) return undefined
  return `it takes ${bytes} bytes of UTF-8, and ${maximumStringBytes} is the most [MQTT-4.7.3-3]`
}

/** The text as a packet can hold it: what has no place there stands escaped, and what is too long is cut. */
export function toFitString(text: string): string {
  const fit = text.replace(everyUnfit, escaped)
  if (fit.length * 3 <= maximumStringBytes) return fit
  const { read } = new TextEncoder().encodeInto(fit, new Uint8Array(maximumStringBytes))
  return fit.slice(0, read)
}

/** A text as error messages show it: quoted, control characters escaped, and not at full length. */
export function quoted(text: string): string {
  if (typeof text !== 'string') return String(text)
  return text.length <= 80
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, 80))}… (${text.length} characters)`
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

function unfitCharacter(text: string): string | undefined {
  const character = unfit.exec(text)?.[0].codePointAt(0) ?? 0
  const name = `U+${character.toString(16).toUpperCase().padStart(4, '0')}`
  if (character === 0) return `it holds ${name} [MQTT-1.5.4-2] [MQTT-4.7.3-2]`
  if (character >= 0xd800 && character <= 0xdfff)
    return `it holds ${name}, half a surrogate pair [MQTT-1.5.4-1]`
  if (character <= 0x9f) return `it holds the control character ${name} (MQTT 5, 1.5.4)`
  return `it holds the non-character ${name} (MQTT 5, 1.5.4)`
}
