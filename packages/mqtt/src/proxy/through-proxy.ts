import { invalidArgument } from '@antiphon/core/link'
import type { Tunnel } from '../tunnel.js'
import { httpConnect } from './http-connect.js'
import { socks5 } from './socks5.js'
import { Tunnelled, type Opening } from './tunnelled.js'

const openings: Readonly<Record<string, (proxy: URL) => Opening>> = {
  'http:': httpConnect,
  'https:': httpConnect,
  'socks5:': socks5,
  'socks5h:': socks5,
}

/**
 * A tunnel through a proxy, for the `tunnel` option: by HTTP CONNECT (`http:`, or `https:` to speak TLS with the proxy
 * itself) or SOCKS 5 (`socks5:`, which lets the proxy look the host up, as does `socks5h:`). A user and password in the
 * URL are shown to the proxy.
 *
 * Throws `invalid-argument` on a URL that names no such proxy.
 *
 * @example
 * ```ts
 * const link = connect('mqtts://broker.example', { tunnel: throughProxy('http://user:secret@proxy.example:3128') })
 * ```
 */
export function throughProxy(url: string): Tunnel {
  const known = `use ${Object.keys(openings).join(', ')}, such as http://localhost:3128`
  // Its user and password are nobody's business, so the URL is not shown.
  if (!URL.canParse(url)) throw invalidArgument(`the proxy's URL is none: ${known}`)
  const proxy = new URL(url)
  const opening = openings[proxy.protocol]
  if (opening === undefined || proxy.hostname === '')
    throw invalidArgument(`the proxy's URL begins with ${proxy.protocol}//${proxy.hostname}: ${known}`)
  const open = opening(proxy)
  return (target) => new Tunnelled((signal) => open(target, signal))
}
