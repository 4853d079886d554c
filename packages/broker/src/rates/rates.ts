import { addressKey } from './address-key.js'
import type { RateLimits } from './rate-limits.js'
import { TokenBucket } from './token-bucket.js'

/** The buckets of an address, and how many connections use them. */
interface AddressBuckets {
  readonly connects: TokenBucket | undefined
  readonly messages: TokenBucket | undefined
  readonly bytes: TokenBucket | undefined
  connections: number
}

/** The rates of one connection. */
export interface ConnectionRates {
  /** Counts received bytes and messages; returns the milliseconds for which the broker must not read. */
  readonly count: (bytes: number, messages: number) => number
  /** Ends the connection. */
  readonly close: () => void
}

/** The number of addresses at which those that are within their rates are forgotten. */
const leastSweep = 1_024

/** The rates of all clients and addresses. */
export class Rates {
  readonly #limits: RateLimits
  readonly #now: () => number
  readonly #addresses = new Map<string, AddressBuckets>()
  #sweepAt = leastSweep

  /** `now` returns elapsed milliseconds. */
  constructor(limits: RateLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** The number of addresses that it remembers. */
  get addressCount(): number {
    return this.#addresses.size
  }

  /** Counts a new connection; returns whether its address may connect now. */
  admitsConnection(remoteAddress: string): boolean {
    return this.#bucketsOf(remoteAddress).connects?.tryTake() ?? true
  }

  /** Returns the rates of a connection. */
  open(remoteAddress: string): ConnectionRates {
    const address = this.#bucketsOf(remoteAddress)
    address.connections++
    const messageBuckets = [this.#bucket(this.#limits.clientMessages), address.messages]
    const byteBuckets = [this.#bucket(this.#limits.clientBytes), address.bytes]
    return {
      count: (bytes, messages) => {
        let delay = 0
        if (messages > 0)
          for (const bucket of messageBuckets) delay = Math.max(delay, bucket?.take(messages) ?? 0)
        if (bytes > 0) for (const bucket of byteBuckets) delay = Math.max(delay, bucket?.take(bytes) ?? 0)
        return delay
      },
      close: () => {
        address.connections--
      },
    }
  }

  #bucketsOf(remoteAddress: string): AddressBuckets {
    const key = addressKey(remoteAddress)
    const known = this.#addresses.get(key)
    if (known !== undefined) return known
    if (this.#addresses.size >= this.#sweepAt) this.#sweep()
    const { addressConnects, addressMessages, addressBytes } = this.#limits
    const buckets = {
      connects: this.#bucket(addressConnects),
      messages: this.#bucket(addressMessages),
      bytes: this.#bucket(addressBytes),
      connections: 0,
    }
    this.#addresses.set(key, buckets)
    return buckets
  }

  /** Forgets addresses whose buckets are as new ones. */
  #sweep(): void {
    for (const [key, { connects, messages, bytes, connections }] of this.#addresses) {
      const isIdle =
        connections === 0 && [connects, messages, bytes].every((bucket) => bucket?.isFull ?? true)
      if (isIdle) this.#addresses.delete(key)
    }
    this.#sweepAt = Math.max(leastSweep, 2 * this.#addresses.size)
  }

  #bucket(rate: number | undefined): TokenBucket | undefined {
    return rate === undefined ? undefined : new TokenBucket(rate, this.#now)
  }
}
