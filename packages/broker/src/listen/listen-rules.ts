import {
  invalidArgument,
  requireArgument,
  violationOf,
  wholeNumberRule,
  type OptionRule,
  type Violation,
} from '@antiphon/core/link'
import type { ListenOptions } from './listen.js'
import { originsRule } from './origins.js'
import { trustedProxiesRule } from './trusted-proxies.js'

const proxyRules = { trustedProxies: trustedProxiesRule, proxyProtocol: [true, false] } as const
/** The rules of `WebSocketOptions`. */
export const webSocketRules: Readonly<Record<'path' | 'origins', OptionRule>> = {
  path: (path) =>
    typeof path === 'string' && /^\/[^?#\s]*$/.test(path)
      ? undefined
      : 'it must be a path that begins with /',
  origins: originsRule,
}

const addressRules = { port: wholeNumberRule(0, 65_535), host: 'string', socketPath: 'string' } as const

const streamRules: Readonly<Record<string, OptionRule>> = {
  ...addressRules,
  ...proxyRules,
  protocol: 'string',
}
const rulesByProtocol: Readonly<Record<ListenOptions['protocol'], Readonly<Record<string, OptionRule>>>> = {
  tcp: streamRules,
  tls: { ...streamRules, tls: 'object' },
  ws: { ...streamRules, ...webSocketRules },
  wss: { ...streamRules, ...webSocketRules, tls: 'object' },
}

/** Throws `invalid-argument` if an option of a listener is unknown or invalid, or does not go with another. */
export function checkListenOptions(options: ListenOptions): void {
  requireArgument('options', options, withProtocol)
  requireArgument('options', options, rulesByProtocol[options.protocol])
  const { protocol, socketPath, port, host, proxyProtocol, trustedProxies } = options
  if (socketPath !== undefined && (port !== undefined || host !== undefined))
    throw invalidArgument('options.socketPath: it replaces port and host; leave these out')
  if (socketPath !== undefined && 'tls' in options)
    throw invalidArgument(
      `options.socketPath: a Unix socket has no TLS; use the protocol ${protocol === 'tls' ? 'tcp' : 'ws'}`,
    )
  if (proxyProtocol === true && socketPath === undefined && (trustedProxies ?? []).length === 0)
    throw invalidArgument(
      'options.proxyProtocol is true: it requires trustedProxies, the addresses of the proxies',
    )
}

function withProtocol(options: unknown): Violation {
  const protocols = Object.keys(rulesByProtocol)
  if (typeof options !== 'object' || options === null) return 'it must be an object'
  const { protocol } = options as Partial<ListenOptions>
  return violationOf({ protocol: protocols }, { protocol: protocol ?? null }, undefined)
}
