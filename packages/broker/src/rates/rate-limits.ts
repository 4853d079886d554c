import { numberRule } from '@antiphon/core/link'
import type { OptionRules } from '@antiphon/core/link'

/**
 * The rates at which clients may use the broker; by default they are not limited. A client may use up the allowance of one
 * second at once. Links without a socket are not limited.
 *
 * Beyond a rate of messages or bytes, the broker stops reading from the client until the rate is kept: no message is lost,
 * and the client's output waits. Connections beyond the rate of an address are closed.
 */
export interface RateLimits {
  /** Packets per second from one client, except acknowledgements. */
  readonly clientMessages?: number
  /** Bytes per second from one client. */
  readonly clientBytes?: number
  /** Packets per second from all clients of one address, except acknowledgements. */
  readonly addressMessages?: number
  /** Bytes per second from all clients of one address. */
  readonly addressBytes?: number
  /** New connections per second from one address; for IPv6, from one network of 64 bits. */
  readonly addressConnects?: number
}

/** The rules of `RateLimits`. Lower rates of bytes would delay a client for minutes after one read of its socket. */
export const rateRules: OptionRules<RateLimits> = {
  clientMessages: numberRule(0.01),
  clientBytes: numberRule(1_024),
  addressMessages: numberRule(0.01),
  addressBytes: numberRule(1_024),
  addressConnects: numberRule(0.01),
}
