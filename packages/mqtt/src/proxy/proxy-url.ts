import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import type { TunnelTarget } from '../tunnel.js'

/** The user in a proxy's URL. */
export interface ProxyUser {
  readonly name: string
  readonly password: string
}

/** Returns the user in a proxy's URL, or `undefined` if the URL has none; throws `invalid-argument` if it is malformed. */
export function userOf({ username, password }: URL): ProxyUser | undefined {
  if (username === '') return undefined
  try {
    return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    throw invalidArgument(
      "the proxy's URL has a user or password that is not percent-encoded: encode it with encodeURIComponent",
    )
  }
}

/** Creates the error for a proxy that opens no tunnel. It shows the proxy's URL without user and password. */
export function proxyError(
  { protocol, host }: URL,
  target: TunnelTarget,
  why: string,
): AntiphonError<'connection-lost'> {
  const failure = `the proxy ${protocol}//${host} opened no tunnel to ${target.host}:${target.port}`
  return new AntiphonError('connection-lost', `${failure}: ${why.trim()}`, { phase: 'before-network' })
}
