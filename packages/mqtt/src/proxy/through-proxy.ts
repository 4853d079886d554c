import { invalidArgument } from '@antiphon/core/link'
import type { Tunnel } from '../tunnel.js'
import { httpConnect } from './http-connect.js'
import { socks5 } from './socks5.js'
import { TunnelStream, type OpenSocket } from './tunnel-stream.js'

const openSocketByProtocol: Readonly<Record<string, (proxy: URL) => OpenSocket>> = {
  'http:': httpConnect,
  'https:': httpConnect,
  'socks5:': socks5,
  'socks5h:': socks5,
}

/**
 * Creates a tunnel through a proxy, for the `tunnel` option: by HTTP CONNECT (`http:`, or `https:` to use TLS with the
 * proxy itself) or SOCKS 5 (`socks5:` and `socks5h:`; with both, the proxy resolves the host). A user and password in the
 * URL are sent to the proxy.
 *
 * Throws `invalid-argument` if the URL is not that of an HTTP or SOCKS 5 proxy, or its user or password cannot be sent.
 *
 * @example
 * ```ts
 * const link = connect('mqtts://broker.example', { tunnel: throughProxy('http://user:secret@proxy.example:3128') })
 * ```
 */
export function throughProxy(url: string): Tunnel {
  const supported = `use ${Object.keys(openSocketByProtocol).join(', ')}, such as http://localhost:3128`
  // The error does not show the URL, which may contain a user and password.
  if (!URL.canParse(url)) throw invalidArgument(`the proxy's URL is invalid: ${supported}`)
  const proxy = new URL(url)
  const toOpenSocket = openSocketByProtocol[proxy.protocol]
  if (toOpenSocket === undefined || proxy.hostname === '')
    throw invalidArgument(`the proxy's URL begins with ${proxy.protocol}//${proxy.hostname}: ${supported}`)
  const open = toOpenSocket(proxy)
  return (target) => new TunnelStream((signal) => open(target, signal))
}
