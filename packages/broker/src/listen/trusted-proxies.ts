import { BlockList, isIP } from 'node:net'

/** The proxies whose word about the client's address counts. */
export class TrustedProxies {
  readonly #networks = new BlockList()

  /** `networks` are addresses or networks such as `10.0.0.0/8`; `trustedProxiesRule` has checked them. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      const family = familyOf(address)
      if (prefix === undefined) this.#networks.addAddress(address, family)
      else this.#networks.addSubnet(address, Number(prefix), family)
    }
  }

  /** Whether an IP address belongs to a trusted proxy. */
  includes(address: string): boolean {
    const [withoutZone = ''] = address.split('%')
    return isIP(withoutZone) !== 0 && this.#networks.check(withoutZone, familyOf(withoutZone))
  }

  /**
   * Returns the client's address of an `X-Forwarded-For` header: from the right, the first address that is not a trusted
   * proxy's. `peer` is the address of the last proxy; `undefined` if it is trusted without one, on a Unix socket. What comes
   * before an entry that cannot be read does not count.
   */
  clientOf(peer: string | undefined, forwardedFor: string): string | undefined {
    let client = peer
    for (const entry of forwardedFor.split(',').reverse()) {
      if (client !== undefined && !this.includes(client)) break
      const address = addressOf(entry.trim())
      if (address === undefined) break
      client = address
    }
    return client
  }
}

/** Accepts an array of addresses and networks. */
export function trustedProxiesRule(networks: unknown): string | undefined {
  const isValid = Array.isArray(networks) && networks.every(isNetwork)
  return isValid ? undefined : 'it must be an array of IP addresses and networks such as 10.0.0.0/8'
}

function isNetwork(network: unknown): boolean {
  const [address = '', prefix, ...rest] = typeof network === 'string' ? network.split('/') : []
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Returns the address of an entry such as `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`. */
function addressOf(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
  return isIP(bare) === 0 ? undefined : bare
}
