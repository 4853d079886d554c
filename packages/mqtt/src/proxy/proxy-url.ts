import { AntiphonError } from '@antiphon/core'
import type { TunnelTarget } from '../tunnel.js'

/** The user that a proxy's URL names; `undefined` where it names none. */
export function userOf({
  username,
  password,
}: URL): { readonly name: string; readonly password: string } | undefined {
  if (username === '') return undefined
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
}

/** What a proxy's refusal comes to; its user and password are left out. */
export function refusedByProxy(
  { protocol, host }: URL,
  target: TunnelTarget,
  why: string,
): AntiphonError<'connection-lost'> {
  const way = `the proxy ${protocol}//${host} opens no way to ${target.host}:${target.port}`
  return new AntiphonError('connection-lost', `${way}: ${why.trim()}`, { phase: 'before-network' })
}
