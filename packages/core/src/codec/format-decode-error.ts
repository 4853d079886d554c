import { AntiphonError } from '../errors.js'
import type { DecodeError } from './codec.js'

const mostShown = 3
const longest = 500

/**
 * A decode error as one line for people: `application/json: $.command.id: expected string, found 7`.
 *
 * Of many issues the first three are told. Whatever the payload held, the line is at most 500 characters long and fit
 * for a log and for an MQTT string: control characters and lone surrogates stand escaped.
 */
export function formatDecodeError({ contentType, issues }: DecodeError): string {
  const shown = issues
    .slice(0, mostShown)
    .map(({ path, message }) => (path === '$' ? message : `${path}: ${message}`))
  const more = issues.length > mostShown ? `; and ${issues.length - mostShown} more` : ''
  const line = `${contentType === '' ? '' : `${contentType}: `}${shown.join('; ')}`
  return `${escapeUnfit(line.slice(0, longest - more.length))}${more}`.slice(0, longest)
}

/** The `decode` error of a payload that does not decode, for a stream that ends with it. */
export function toDecodeFailure(error: DecodeError): AntiphonError<'decode'> {
  return new AntiphonError('decode', `the payload does not decode as ${formatDecodeError(error)}`, {
    cause: error,
  })
}

function escapeUnfit(line: string): string {
  return line.replace(
    /[\p{Control}\p{Surrogate}\u2028\u2029\ufffe\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
