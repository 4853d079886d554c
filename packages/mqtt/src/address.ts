import { invalidArgument } from '@antiphon/core/link'

/** Where a broker is. */
export interface Address {
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss'
  readonly host: string
  readonly port: number
  /** With its query; WebSockets only. */
  readonly path?: string
  readonly username?: string
  readonly password?: string
  /** As errors and logs show it: without credentials. */
  readonly text: string
}

const protocols: Readonly<Record<string, { readonly protocol: Address['protocol']; readonly port: number }>> =
  {
    'mqtt:': { protocol: 'mqtt', port: 1883 },
    'tcp:': { protocol: 'mqtt', port: 1883 },
    'mqtts:': { protocol: 'mqtts', port: 8883 },
    'ssl:': { protocol: 'mqtts', port: 8883 },
    'tls:': { protocol: 'mqtts', port: 8883 },
    'ws:': { protocol: 'ws', port: 80 },
    'wss:': { protocol: 'wss', port: 443 },
  }

/** One URL, or those of all nodes of a cluster. */
export type BrokerUrl = string | readonly [string, ...string[]]

/** Takes the URLs of a broker apart, in their order; throws `invalid-argument` when there is none, or one leads nowhere. */
export function toAddresses(url: BrokerUrl): readonly [Address, ...Address[]] {
  if (!Array.isArray(url)) return [toAddress(url as string)]
  const [first, ...others] = url as readonly string[]
  if (first === undefined) {
    throw invalidArgument('the list of URLs is empty: name at least one node of the broker')
  }
  return [toAddress(first), ...others.map(toAddress)]
}

/** Takes a broker's URL apart; throws `invalid-argument` on one that leads nowhere. */
export function toAddress(url: string): Address {
  const known = 'mqtt:, mqtts:, ws: or wss:, such as mqtt://localhost:1883'
  if (!URL.canParse(url)) throw invalidArgument(`url ${shown(url)} is not a URL: it must begin with ${known}`)
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  const kind = protocols[protocol]
  if (kind === undefined)
    throw invalidArgument(`url ${shown(url)} has the protocol ${protocol} and not ${known}`)
  if (hostname === '') throw invalidArgument(`url ${shown(url)} names no host`)
  const isWebSocket = kind.protocol === 'ws' || kind.protocol === 'wss'
  if (!isWebSocket && isBrowser()) {
    throw invalidArgument(`url ${shown(url)} needs a plain socket: a browser has only ws: and wss:`)
  }
  const path = isWebSocket ? `${pathname === '' ? '/' : pathname}${search}` : undefined
  const number = port === '' ? kind.port : Number(port)
  return {
    protocol: kind.protocol,
    // A socket wants the bare IPv6 address; a WebSocket's URL is put together again and wants the brackets.
    host: isWebSocket ? hostname : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: number,
    ...(path !== undefined && { path }),
    ...(username !== '' && { username: decoded(username, url) }),
    ...(password !== '' && { password: decoded(password, url) }),
    text: `${kind.protocol}://${hostname}:${number}${path ?? ''}`,
  }
}

/** Whether there are no sockets here but WebSockets. */
export function isBrowser(): boolean {
  return typeof window !== 'undefined'
    ? typeof window.document !== 'undefined'
    : typeof importScripts === 'function'
}

function decoded(text: string, url: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidArgument(`url ${shown(url)} names a user that is not percent-encoded`)
  }
}

function shown(url: string): string {
  return JSON.stringify(String(url).replace(/\/\/[^/@]*@/, '//…@'))
}

declare const importScripts: unknown
