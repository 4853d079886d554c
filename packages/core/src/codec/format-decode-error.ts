import { AntiphonError } from '../errors.js'
import type { DecodeError } from './codec.js'

const maximumIssues = 3
const maximumLength = 500

/**
 * Formats a decode error as one line: `application/json: $.command.id: expected string, found 7`.
 *
 * It contains the first three issues and at most 500 characters. It is safe for a log and for an MQTT string: control
 * characters and lone surrogates are escaped.
 */
export function formatDecodeError({ contentType, issues }: DecodeError): string {
  const shown = issues
    .slice(0, maximumIssues)
    .map(({ path, message }) => (path === '$' ? message : `${path}: ${message}`))
  const more = issues.length > maximumIssues ? `; and ${issues.length - maximumIssues} more` : ''
  const line = `${contentType === '' ? '' : `${contentType}: `}${shown.join('; ')}`
  return `${escapeInvalid(line.slice(0, maximumLength - more.length))}${more}`.slice(0, maximumLength)
}

/** Returns the `decode` error with which a stream fails on an invalid payload. */
export function toDecodeFailure(error: DecodeError): AntiphonError<'decode'> {
  return new AntiphonError('decode', `cannot decode the payload as ${formatDecodeError(error)}`, {
    cause: error,
  })
}

function escapeInvalid(line: string): string {
  return line.replace(
    /[\p{Control}\p{Surrogate}\u2028\u2029\ufffe\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
