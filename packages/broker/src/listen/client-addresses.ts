import type { Socket } from 'node:net'
import type { ProxiedAddress } from './proxy-header.js'
import type { TrustedProxies } from './trusted-proxies.js'

/** The addresses of a client: its own, and that of the proxy before the broker. */
export interface ClientAddress {
  readonly remoteAddress: string
  readonly proxyAddress?: string
}

/** What is common to a socket and a TLS socket above it. A Unix socket has no addresses, and no TLS. */
export type SocketKey = string | Socket

/** Returns the key of a socket, which a TLS socket has in common with the socket below it. */
export function keyOf(socket: Socket): SocketKey {
  const { remoteAddress, remotePort, localAddress } = socket
  return remoteAddress === undefined ? socket : `${remoteAddress} ${remotePort} ${localAddress}`
}

/** What a listener knows about the ends of its sockets. */
export interface ClientAddressesOptions {
  readonly trusted: TrustedProxies | undefined
  /** Whether it listens on a Unix socket, whose other end has no address. */
  readonly isLocal: () => boolean
}

/** The addresses of a listener's clients, which proxies may name. */
export class ClientAddresses {
  readonly #options: ClientAddressesOptions
  /** The clients of PROXY protocol headers. */
  readonly #proxied = new Map<SocketKey, ProxiedAddress>()

  constructor(options: ClientAddressesOptions) {
    this.#options = options
  }

  /** Whether a socket may name another address; on a Unix socket, every process that may connect to it. */
  trusts({ remoteAddress = '' }: Socket): boolean {
    const { trusted, isLocal } = this.#options
    return isLocal() || trusted?.includes(remoteAddress) === true
  }

  /** Records the client that a PROXY protocol header names. */
  set(socket: Socket, source: ProxiedAddress): void {
    const key = keyOf(socket)
    this.#proxied.set(key, source)
    socket.once('close', () => this.#proxied.delete(key))
  }

  /** Returns the address and port of the other end of a socket. */
  ownOf({ remoteAddress, remotePort }: Socket): string {
    if (this.#options.isLocal()) return 'unix'
    return `${remoteAddress ?? 'unknown'}:${remotePort ?? 0}`
  }

  /**
   * Returns the addresses of the client of a socket; of a WebSocket with its `X-Forwarded-For` header, where the port is 0 as
   * proxies do not name it.
   */
  of(socket: Socket, forwardedFor?: string): ClientAddress {
    const { trusted, isLocal } = this.#options
    const own = this.ownOf(socket)
    const proxied = this.#proxied.get(keyOf(socket))
    const peer = proxied?.address ?? (isLocal() ? undefined : (socket.remoteAddress ?? ''))
    const client = forwardedFor === undefined ? peer : (trusted?.clientOf(peer, forwardedFor) ?? peer)
    if (client !== undefined && client !== peer) return { remoteAddress: `${client}:0`, proxyAddress: own }
    return proxied === undefined
      ? { remoteAddress: own }
      : { remoteAddress: `${proxied.address}:${proxied.port}`, proxyAddress: own }
  }
}
