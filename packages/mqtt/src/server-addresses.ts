import { type Address, toAddress } from './address.js'
import type { ServerRedirection } from './options.js'

/** The reason codes with which a broker names another server for this connection, and for all further ones. */
const USE_ANOTHER_SERVER = 0x9c
const SERVER_MOVED = 0x9d

/** The address to which a Server Reference leads, or why it is not followed. */
export type Redirection =
  | { readonly address: Address; readonly fault?: undefined }
  | { readonly address?: undefined; readonly fault: string }

/** One server of a reference: a name, or an IPv6 address in brackets, and a port. */
const SERVER = /^(\[[\da-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i

/** Whether a text can be an entry of `serverRedirection.allow`. */
export function isAllowEntry(text: string): boolean {
  const name = text.replace(/^\*\./, '')
  return SERVER.test(name) && !name.includes('*')
}

/**
 * The addresses of a transport, in the order in which they are connected to: round robin, unless the broker has named
 * another server that the options allow.
 */
export class ServerAddresses {
  readonly #given: readonly Address[]
  readonly #options: ServerRedirection | undefined
  #addresses: readonly Address[]
  #attempts = 0
  /** The server for the next connection alone. */
  #once: Address | undefined

  constructor(addresses: readonly [Address, ...Address[]], options: ServerRedirection | undefined) {
    this.#given = addresses
    this.#addresses = addresses
    this.#options = options
  }

  /** Returns the path of the next connection: its address, after the one that has redirected to it. */
  next(): readonly [Address, ...Address[]] {
    const once = this.#once
    this.#once = undefined
    if (once !== undefined) return [this.#first, once]
    const address = this.#addresses[this.#attempts++ % this.#addresses.length] ?? this.#first
    return this.#given.includes(address) ? [address] : [this.#first, address]
  }

  /**
   * Returns where a Server Reference leads that the last server of `path` has sent, and notes a permanent move. Returns
   * `undefined` for other reason codes, and if the options allow no server.
   */
  follow(
    path: readonly [Address, ...Address[]],
    reasonCode: number | undefined,
    reference: string | undefined,
  ): Redirection | undefined {
    const isRedirection = reasonCode === USE_ANOTHER_SERVER || reasonCode === SERVER_MOVED
    if (this.#options === undefined || !isRedirection || reference === undefined) return undefined
    const { maxHops = 3 } = this.#options
    const named = reference.split(' ').flatMap((server) => toServer(server, path))
    const allowed = named.filter((address) => this.#isAllowed(address, path[0]))
    const address = allowed.find(({ text }) => path.every((visited) => visited.text !== text))
    if (allowed.length === 0)
      return { fault: 'serverRedirection.allow names none of these servers with this port' }
    if (address === undefined) return { fault: 'the servers redirect to each other in a loop' }
    if (path.length > maxHops) return { fault: `serverRedirection.maxHops is ${maxHops}` }
    if (reasonCode === SERVER_MOVED) {
      this.#addresses = [address, ...this.#given]
      // The next connection, whenever it is made, begins with the new server.
      this.#attempts = 0
    }
    return { address }
  }

  /** Connects to a server next, and then to the others again. */
  useOnce(address: Address): void {
    this.#once = address
  }

  #isAllowed({ host, port }: Address, origin: Address): boolean {
    return (this.#options?.allow ?? []).some((entry) => {
      const [, name = '', allowedPort = String(origin.port)] = SERVER.exec(entry) ?? []
      const bare = name.toLowerCase().replace(/^\[(.*)\]$/, '$1')
      const found = host.replace(/^\[(.*)\]$/, '$1')
      const isHost = bare.startsWith('*.') ? found.endsWith(bare.slice(1)) : found === bare
      return isHost && Number(allowedPort) === port
    })
  }

  get #first(): Address {
    return this.#given[0] as Address
  }
}

/** Returns the address of one server of a reference, with the protocol, path and user of the server that has sent it. */
function toServer(server: string, path: readonly [Address, ...Address[]]): readonly Address[] {
  const origin = path[0]
  const from = path[path.length - 1] ?? origin
  const [, host, port = String(from.port)] = SERVER.exec(server) ?? []
  if (host === undefined) return []
  const url = `${from.protocol}://${host}:${port}${from.path ?? ''}`
  if (!URL.canParse(url)) return []
  const { username, password } = from
  return [
    {
      ...toAddress(url),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    },
  ]
}
