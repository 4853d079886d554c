import type { ExchangeOptions } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'

/** Returns options of a link whose delays before attempts to connect come from a seed. */
export function seededLinkOptions(options: LinkOptions, random: () => number): LinkOptions {
  return { ...options, reconnect: { random, ...options.reconnect } }
}

/** Returns options of a request whose delays before retries come from a seed. */
export function seededRequestOptions(options: ExchangeOptions, random: () => number): ExchangeOptions {
  const { retry } = options
  if (retry === undefined) return options
  return { ...options, retry: { ...retry, backOff: { random, ...retry.backOff } } }
}
