import { AntiphonError } from '@antiphon/core'
import { nearestNameHint, violationOf } from '@antiphon/core/link'
import type { OptionRule } from '@antiphon/core/link'
import { userNameFault } from '../access/password-file.js'
import { checkListenOptions } from '../listen/listen-rules.js'
import type { ListenOptions } from '../listen/listen.js'
import { configRules, listenerRules } from './config.js'
import type { Config, ListenerConfig } from './config.js'

type Faults = Generator<string, void>
type Rules = Readonly<Record<string, OptionRule>>

/** Returns all faults of a config file's contents: the path, the value, and what is allowed. */
export function configFaults(config: unknown): string[] {
  const faults = [...tableFaults(configRules, config, '')]
  // Settings that are valid alone may still contradict each other.
  return faults.length > 0 ? faults : conflicts(config as Config)
}

/** Returns what is wrong with the combination of valid settings. */
export function conflicts(config: Config): string[] {
  const { listen = [], users = {}, passwordFile, certificateUser, allowAnonymous } = config
  const monitor: { readonly port?: number } | undefined = config.monitor
  const faults = listen.flatMap((listener, index) => listenerConflicts(listener, `listen[${index}]`))
  const hasUsers = Object.keys(users).length > 0 || passwordFile !== undefined || certificateUser === true
  if (certificateUser === true && !listen.some(({ ca }) => ca !== undefined))
    faults.push('certificateUser is true: it needs a listener with ca, to which clients present certificates')
  if (monitor !== undefined && monitor.port === undefined) faults.push('monitor.port is missing: set it')
  if (allowAnonymous !== undefined && !hasUsers)
    faults.push(
      `allowAnonymous is ${allowAnonymous}: it needs users, passwordFile or certificateUser; without them, every client may connect`,
    )
  return faults
}

function* tableFaults(rules: Rules, table: unknown, path: string): Faults {
  if (!isTable(table)) {
    yield isFault(path, table, 'it must be a table')
    return
  }
  for (const [name, value] of Object.entries(table)) {
    const at = path === '' ? name : `${path}.${name}`
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) yield `${at} is not known: ${nearestNameHint(name, Object.keys(rules))}`
    else yield* valueFaults(rule, value, at)
  }
}

function* valueFaults(rule: OptionRule, value: unknown, path: string): Faults {
  const special = specialRules.get(path)
  if (special !== undefined) yield* special(value)
  else if (typeof rule === 'object' && !Array.isArray(rule)) yield* tableFaults(rule as Rules, value, path)
  else {
    const violation = violationOf(rule, value, undefined)
    if (violation !== undefined) yield isFault(path, value, violation)
  }
}

function* listenFaults(listen: unknown): Faults {
  if (!Array.isArray(listen) || listen.length === 0) {
    yield isFault('listen', listen, 'it must be a list of listeners')
    return
  }
  for (const [index, listener] of listen.entries()) {
    const path = `listen[${index}]`
    yield* tableFaults(listenerRules, listener, path)
    if (!isTable(listener)) continue
    if (!Object.hasOwn(listener, 'protocol')) yield `${path}.protocol is missing: set it`
    if (!Object.hasOwn(listener, 'port') && !Object.hasOwn(listener, 'socketPath'))
      yield `${path}.port is missing: set it`
  }
}

function listenerConflicts(listener: ListenerConfig, at: string): string[] {
  const { protocol, path, origins, cert: _cert, key: _key, ca: _ca, crl: _crl, ...address } = listener
  const tls = listener
  const isSecure = protocol === 'tls' || protocol === 'wss'
  const faults: string[] = []
  if (isSecure && (tls.cert === undefined || tls.key === undefined))
    faults.push(`${at} has no certificate: set ${at}.cert and ${at}.key`)
  for (const name of ['cert', 'key', 'ca', 'crl'] as const)
    if (!isSecure && tls[name] !== undefined)
      faults.push(`${at}.${name} needs TLS: set ${at}.protocol to tls or wss, or leave ${name} out`)
  if (isSecure && tls.crl !== undefined && tls.ca === undefined)
    faults.push(`${at}.crl needs ${at}.ca, with which clients present certificates`)
  for (const [name, value] of Object.entries({ path, origins }))
    if (value !== undefined && protocol !== 'ws' && protocol !== 'wss')
      faults.push(`${at}.${name} needs WebSockets: set ${at}.protocol to ws or wss, or leave ${name} out`)
  try {
    checkListenOptions({ ...address, protocol, ...(isSecure ? { tls: {} } : {}) } as ListenOptions)
  } catch (error) {
    faults.push(AntiphonError.from(error).rawMessage.replace(/^options/, at))
  }
  return faults
}

function* userFaults(users: unknown): Faults {
  if (!isTable(users)) {
    yield isFault('users', users, 'it must be a table of names and passwords')
    return
  }
  for (const [name, password] of Object.entries(users)) {
    const fault = userNameFault(name)
    if (fault !== undefined) yield `users: ${fault}`
    // The value is not shown: it may be a password.
    if (typeof password !== 'string') yield `users.${name}: the password must be a string`
  }
}

/** The settings that rules of options do not describe. */
const specialRules: ReadonlyMap<string, (value: unknown) => Faults> = new Map([
  ['listen', listenFaults],
  ['users', userFaults],
])

function isFault(path: string, value: unknown, rule: string): string {
  return path === '' ? `the file is not a table of settings` : `${path} is ${JSON.stringify(value)}: ${rule}`
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
