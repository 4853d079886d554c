import { numberRule, wholeNumberRule } from '@antiphon/core/link'
import type { OptionRule, OptionRules } from '@antiphon/core/link'
import type { EventLevel } from '../events.js'
import type { Limits } from '../limits.js'
import { webSocketRules } from '../listen/listen-rules.js'
import type { ListenOptions } from '../listen/listen.js'
import { trustedProxiesRule } from '../listen/trusted-proxies.js'
import { brokerOptionRules } from '../options.js'
import type { BrokerOptions } from '../options.js'

/** The options of the broker that the command passes on as they are. */
export type PassedOptions = Pick<
  BrokerOptions,
  | 'queuePolicy'
  | 'sessionPolicy'
  | 'memoryPolicy'
  | 'sharedOffline'
  | 'rates'
  | 'protocolVersions'
  | 'acceptsMqtt31'
  | 'maximumQoS'
  | 'retainAvailable'
  | 'willAvailable'
  | 'wildcardSubscriptions'
  | 'sharedSubscriptions'
  | 'assignsClientIds'
  | 'checksPayloadFormat'
  | 'closeTimeout'
>

/** The settings of the command: a config file, the command line, or both. */
export interface Config extends PassedOptions {
  readonly listen?: readonly ListenerConfig[]
  readonly users?: Readonly<Record<string, string>>
  readonly passwordFile?: string
  readonly aclFile?: string
  readonly allowAnonymous?: boolean
  readonly certificateUser?: boolean
  readonly responseInformation?: string
  readonly data?: string
  readonly limits?: Partial<Limits>
  readonly logLevel?: EventLevel
  readonly logFormat?: 'text' | 'json'
  readonly monitor?: { readonly port: number; readonly host?: string }
  /** Milliseconds between two updates of `$SYS`; without it, there are no such topics. */
  readonly sysPeriod?: number
}

/** A listener; its files have not been read. */
export interface ListenerConfig {
  readonly protocol: ListenOptions['protocol']
  /** Absent with `socketPath`. */
  readonly port?: number
  readonly host?: string
  readonly socketPath?: string
  readonly path?: string
  readonly origins?: readonly string[]
  readonly trustedProxies?: readonly string[]
  readonly proxyProtocol?: boolean
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly crl?: readonly string[]
}

const fileRule: OptionRule = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'it must be the path of a file'

const fileListRule: OptionRule = (value) =>
  Array.isArray(value) && value.every((path) => fileRule(path, undefined) === undefined)
    ? undefined
    : 'it must be a list of paths of files'

const booleans = [true, false]

/** The rules of a listener. */
export const listenerRules: OptionRules<ListenerConfig> = {
  protocol: ['tcp', 'tls', 'ws', 'wss'],
  port: wholeNumberRule(0, 65_535),
  host: 'string',
  socketPath: fileRule,
  ...webSocketRules,
  trustedProxies: trustedProxiesRule,
  proxyProtocol: booleans,
  cert: fileRule,
  key: fileRule,
  ca: fileRule,
  crl: fileListRule,
}

const monitorRules: OptionRules<NonNullable<Config['monitor']>> = {
  port: wholeNumberRule(0, 65_535),
  host: 'string',
}

/** The rules of all settings, except those of `listen` and `users`, which `configFaults` checks itself. */
export const configRules: OptionRules<Config> = {
  listen: 'any',
  users: 'any',
  passwordFile: fileRule,
  aclFile: fileRule,
  allowAnonymous: booleans,
  certificateUser: booleans,
  responseInformation: 'string',
  data: fileRule,
  limits: brokerOptionRules.limits,
  rates: brokerOptionRules.rates,
  queuePolicy: brokerOptionRules.queuePolicy,
  sessionPolicy: brokerOptionRules.sessionPolicy,
  memoryPolicy: brokerOptionRules.memoryPolicy,
  sharedOffline: brokerOptionRules.sharedOffline,
  protocolVersions: brokerOptionRules.protocolVersions,
  acceptsMqtt31: brokerOptionRules.acceptsMqtt31,
  maximumQoS: brokerOptionRules.maximumQoS,
  retainAvailable: brokerOptionRules.retainAvailable,
  willAvailable: brokerOptionRules.willAvailable,
  wildcardSubscriptions: brokerOptionRules.wildcardSubscriptions,
  sharedSubscriptions: brokerOptionRules.sharedSubscriptions,
  assignsClientIds: brokerOptionRules.assignsClientIds,
  checksPayloadFormat: brokerOptionRules.checksPayloadFormat,
  closeTimeout: brokerOptionRules.closeTimeout,
  logLevel: ['error', 'warn', 'info', 'debug'],
  logFormat: ['text', 'json'],
  monitor: monitorRules,
  sysPeriod: numberRule(1_000, 2 ** 31 - 1),
}
