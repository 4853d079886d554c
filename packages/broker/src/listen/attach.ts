import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { requireArgument, type OptionRules } from '@antiphon/core/link'
import type { Limits } from '../limits.js'
import { ClientAddresses } from './client-addresses.js'
import { webSocketRules } from './listen-rules.js'
import type { ListenHost, ProxyOptions, WebSocketOptions } from './listen.js'
import { TrustedProxies, trustedProxiesRule } from './trusted-proxies.js'
import { WebSocketUpgrades, refuseUpgrade } from './web-socket.js'

/** Options of `Broker.attach`. */
export interface AttachOptions extends WebSocketOptions, Pick<ProxyOptions, 'trustedProxies'> {
  /** The path that clients use. @defaultValue '/mqtt' */
  readonly path?: string
}

/** The WebSockets of an HTTP server that the broker accepts. */
export interface Attachment {
  /** Stops accepting connections; connected clients stay connected. Does not close the HTTP server. */
  readonly close: () => void
}

const attachRules: OptionRules<AttachOptions> = { ...webSocketRules, trustedProxies: trustedProxiesRule }

/** Accepts the WebSockets of one path of an HTTP server. */
export function attach(
  server: HttpServer | HttpsServer,
  options: AttachOptions,
  limits: Limits,
  { accept, refused }: Pick<ListenHost, 'accept' | 'refused'>,
): Attachment {
  requireArgument('options', options, attachRules)
  const { path = '/mqtt', origins, trustedProxies } = options
  const upgrades = new WebSocketUpgrades({
    path,
    ...(origins === undefined ? {} : { origins }),
    limits,
    addresses: new ClientAddresses({
      trusted: trustedProxies && new TrustedProxies(trustedProxies),
      isLocal: () => typeof server.address() === 'string',
    }),
    url: () => urlOf(server, path),
    accept,
    refused,
  })
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (upgrades.matches(request)) upgrades.handle(request, socket, head)
    // Node leaves the socket open once there is a listener, so that an upgrade that no listener handles would stay.
    else if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, '404 Not Found')
  }
  server.on('upgrade', onUpgrade)
  return { close: () => void server.off('upgrade', onUpgrade) }
}

function urlOf(server: HttpServer | HttpsServer, path: string): string {
  const scheme = 'setSecureContext' in server ? 'wss' : 'ws'
  const address = server.address()
  if (typeof address === 'string') return `${scheme}+unix:${address}:${path}`
  // A server that does not listen handles connections that the program passes on.
  if (address === null) return `${scheme}:${path}`
  return `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}${path}`
}
