import { invalidArgument } from '@antiphon/core/link'

/** A broker's URL, parsed. */
export interface Address {
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss'
  readonly host: string
  readonly port: number
  /** The path and query; WebSockets only. */
  readonly path?: string
  readonly username?: string
  readonly password?: string
  /** The URL without credentials, for errors and logs. */
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

/** One URL, or the URLs of all nodes of a cluster. */
export type BrokerUrl = string | readonly [string, ...string[]]

/** Parses the URLs of a broker in order; throws `invalid-argument` if the list is empty or a URL is invalid. */
export function toAddresses(url: BrokerUrl): readonly [Address, ...Address[]] {
  if (!Array.isArray(url)) return [toAddress(url as string)]
  const [first, ...others] = url as readonly string[]
  if (first === undefined) {
    throw invalidArgument('the list of URLs is empty: name at least one node of the broker')
  }
  return [toAddress(first), ...others.map(toAddress)]
}

/** Parses a broker's URL; throws `invalid-argument` if it is invalid. */
export function toAddress(url: string): Address {
  const supported = 'mqtt:, mqtts:, ws: or wss:, such as mqtt://localhost:1883'
  if (!URL.canParse(url))
    throw invalidArgument(`url ${withoutCredentials(url)} is not a URL: it must begin with ${supported}`)
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  const kind = protocols[protocol]
  if (kind === undefined)
    throw invalidArgument(
      `url ${withoutCredentials(url)} has the protocol ${protocol}: it must begin with ${supported}`,
    )
  if (hostname === '') throw invalidArgument(`url ${withoutCredentials(url)} has no host: add one`)
  const isWebSocket = kind.protocol === 'ws' || kind.protocol === 'wss'
  if (!isWebSocket && isBrowser()) {
    throw invalidArgument(
      `url ${withoutCredentials(url)} needs a plain socket: in a browser, use ws: or wss:`,
    )
  }
  const path = isWebSocket ? `${pathname === '' ? '/' : pathname}${search}` : undefined
  const number = port === '' ? kind.port : Number(port)
  return {
    protocol: kind.protocol,
    // A socket needs the bare IPv6 address; the URL of a WebSocket is rebuilt from the host and needs the brackets.
    host: isWebSocket ? hostname : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: number,
    ...(path !== undefined && { path }),
    ...(username !== '' && { username: decodeUserInfo(username, url) }),
    ...(password !== '' && { password: decodeUserInfo(password, url) }),
    text: `${kind.protocol}://${hostname}:${number}${path ?? ''}`,
  }
}

/** Whether this code runs in a browser page or worker, where only WebSockets are available. */
export function isBrowser(): boolean {
  return typeof window !== 'undefined'
    ? typeof window.document !== 'undefined'
    : typeof importScripts === 'function'
}

function decodeUserInfo(text: string, url: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidArgument(
      `url ${withoutCredentials(url)} has a username or password that is not percent-encoded: encode it with encodeURIComponent`,
    )
  }
}

function withoutCredentials(url: string): string {
  return JSON.stringify(String(url).replace(/\/\/[^/@]*@/, '//…@'))
}

declare const importScripts: unknown
