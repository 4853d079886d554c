import { AntiphonError } from '@antiphon/core'
import type { TunnelTarget } from '../tunnel.js'

/** Returns the user in a proxy's URL, or `undefined` if the URL has none. */
export function userOf({
  username,
  password,
}: URL): { readonly name: string; readonly password: string } | undefined {
  if (username === '') return undefined
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
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
