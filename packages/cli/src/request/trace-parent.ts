import { randomBytes } from 'node:crypto'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'

const pattern = /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/

/**
 * Returns the W3C trace context of a request: that of the option, of the environment variable TRACEPARENT, or a new one;
 * `undefined` without the option.
 */
export function traceParentOf(option: string | true | undefined, env: Host['env']): string | undefined {
  if (option === undefined) return undefined
  const value = option === true ? env['TRACEPARENT'] : option
  if (value === undefined) return `00-${hex(16)}-${hex(8)}-01`
  if (pattern.test(value)) return value
  const name = option === true ? 'TRACEPARENT' : '--traceparent'
  throw usageError(`${name} is ${value}: it must be a W3C trace context such as 00-${hex(16)}-${hex(8)}-01`)
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
