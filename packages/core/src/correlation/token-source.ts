import { invalidArgument } from '../argument.js'
import type { Violation } from '../option-rules.js'

/**
 * Where the tokens of requests come from: `uuid`; `number`, which counts the requests from 1; or a function that returns the
 * token, given the topic parameters of the request. Requests that are pending on one response topic need different tokens.
 */
export type TokenSource = 'uuid' | 'number' | ((params: Readonly<Record<string, string>>) => number | string)

/** Creates a token, given the topic parameters of the request. */
export type CreateToken = (params: Readonly<Record<string, string>>) => number | string

/** The greatest number, which fits into the signed 32 bits that most peers use. */
const MAX_NUMBER = 2_147_483_647

/** Accepts the sources of tokens. */
export function tokenSourceRule(value: unknown): Violation {
  const isSource = value === 'uuid' || value === 'number' || typeof value === 'function'
  return isSource ? undefined : 'it must be uuid or number or a function'
}

/** Returns the function of a source that creates tokens; `undefined` for UUIDs. */
export function tokenCreator(source: TokenSource): CreateToken | undefined {
  if (source === 'uuid') return undefined
  if (source === 'number') return counter()
  return (params) => {
    const token: unknown = source(params)
    if (typeof token === 'number' && Number.isSafeInteger(token)) return token
    if (typeof token === 'string' && token !== '') return token
    throw invalidArgument(
      `the token is ${String(token)}: it must be a whole number, or text that is not empty`,
    )
  }
}

function counter(): () => number {
  let last = 0
  return () => {
    last = last === MAX_NUMBER ? 1 : last + 1
    return last
  }
}
