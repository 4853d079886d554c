import { parseArgs } from 'node:util'
import { AntiphonError } from '@antiphon/core'
import { nearestName } from '@antiphon/core/link'
import type { Config, ListenerConfig } from './config.js'

/** The parsed command line. */
export interface CliArguments {
  /** The settings of the options. */
  readonly config: Config
  /** The file of `--config`. */
  readonly configFile?: string
  /** Whether to check the settings and exit. */
  readonly isCheck: boolean
  /** Whether listeners without a certificate use one for development. */
  readonly usesDevelopmentTls: boolean
}

/** Parses a command line; returns `help` or `version` if it requests that text. Throws `invalid-argument`. */
export function readArguments(args: readonly string[]): CliArguments | 'help' | 'version' {
  const { values } = parse(args)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const { config: configFile } = values
  return {
    config: readConfig(values),
    ...(configFile === undefined ? {} : { configFile }),
    isCheck: values['check-config'] === true,
    usesDevelopmentTls: values['dev-tls'] === true,
  }
}

/** Returns the settings of the options; those without an option are absent. */
function readConfig(values: Values): Config {
  const config: Writable<Config> = {
    listen: readListeners(values),
    users: values.user && Object.fromEntries(values.user.map(readUser)),
    passwordFile: values['password-file'],
    aclFile: values['acl-file'],
    allowAnonymous: values['allow-anonymous'],
    certificateUser: values['certificate-user'],
    responseInformation: values['response-information'],
    data: values.data,
    limits: definedOf({
      connections: optionalNumber('--max-connections', values['max-connections'], 1),
      packetSize: optionalNumber('--max-packet', values['max-packet'], 16),
      sessions: optionalNumber('--max-sessions', values['max-sessions'], 1),
      queueMessages: optionalNumber('--max-queue', values['max-queue'], 1),
      totalBytes: optionalNumber('--max-total', values['max-total'], 1, Number.MAX_SAFE_INTEGER),
    }),
    queuePolicy: oneOf('--queue-policy', values['queue-policy'], ['drop-new', 'drop-oldest', 'disconnect']),
    sessionPolicy: oneOf('--session-policy', values['session-policy'], ['end-oldest', 'refuse-new']),
    memoryPolicy: oneOf('--memory-policy', values['memory-policy'], ['drop-largest', 'refuse-new']),
    sharedOffline: oneOf('--shared-offline', values['shared-offline'], ['queue', 'skip']),
    logLevel:
      values.verbose === true
        ? 'debug'
        : oneOf('--log-level', values['log-level'], ['error', 'warn', 'info', 'debug']),
    monitor: readMonitor(values),
    sysPeriod: optionalNumber('--sys-period', values['sys-period'], 1_000),
    logFormat: values.verbose === true || values.json === true ? 'json' : undefined,
  }
  return definedOf(config)
}

/** An object that may have `undefined` for absent values. */
type Writable<T> = { [Name in keyof T]?: T[Name] | undefined }

function definedOf<T extends object>(values: Writable<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}

type Values = ReturnType<typeof parse>['values']

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

const options = {
  config: text,
  'check-config': flag,
  port: text,
  tls: text,
  ws: text,
  wss: text,
  host: text,
  path: text,
  'dev-tls': flag,
  cert: text,
  key: text,
  ca: text,
  crl: { ...text, multiple: true },
  user: { ...text, multiple: true },
  'password-file': text,
  'certificate-user': flag,
  'allow-anonymous': flag,
  'acl-file': text,
  data: text,
  'max-connections': text,
  'max-packet': text,
  'max-sessions': text,
  'max-queue': text,
  'max-total': text,
  'queue-policy': text,
  'session-policy': text,
  'memory-policy': text,
  'shared-offline': text,
  'response-information': text,
  'log-level': text,
  json: flag,
  monitor: text,
  'sys-period': text,
  verbose: flag,
  help: { ...flag, short: 'h' },
  version: flag,
} as const

/** The names of the command's options, without dashes. */
export const optionNames: readonly string[] = Object.keys(options)

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options })
  } catch (error) {
    throw invalidArguments(`${reasonOf(error)}${hintFor(args)}`)
  }
}

/** Returns the listeners of the options; `undefined` if no option is about listeners. */
function readListeners(values: Values): ListenerConfig[] | undefined {
  const { host, path, cert, key, ca, crl } = values
  const isDevelopment = values['dev-tls'] === true
  if (isDevelopment && (cert ?? key ?? ca) !== undefined)
    throw invalidArguments('--dev-tls excludes --cert, --key and --ca: it creates the certificate')
  if (crl !== undefined && ca === undefined)
    throw invalidArguments('--crl needs --ca, which lets clients present certificates')
  const shared = host === undefined ? {} : { host }
  const listeners: ListenerConfig[] = []
  for (const [option, protocol] of [
    ['port', 'tcp'],
    ['tls', 'tls'],
    ['ws', 'ws'],
    ['wss', 'wss'],
  ] as const) {
    const port = optionalNumber(`--${option}`, values[option], 0, 65_535)
    if (port === undefined) continue
    const isSecure = protocol === 'tls' || protocol === 'wss'
    const isWebSocket = protocol === 'ws' || protocol === 'wss'
    if (isSecure && !isDevelopment && (cert === undefined || key === undefined))
      throw invalidArguments(`--${option} has no certificate: set --cert and --key, or --dev-tls`)
    listeners.push(
      definedOf<ListenerConfig>({
        protocol,
        port,
        ...shared,
        ...(isWebSocket ? { path } : {}),
        ...(isSecure ? { cert, key, ca, crl } : {}),
      }),
    )
  }
  if (listeners.length > 0) return listeners
  if (isDevelopment) return [{ protocol: 'tls', port: 8883, ...shared }]
  return host === undefined ? undefined : [{ protocol: 'tcp', port: 1883, host }]
}

function readMonitor(values: Values): Config['monitor'] {
  const port = optionalNumber('--monitor', values.monitor, 0, 65_535)
  return port === undefined ? undefined : { port }
}

function readUser(user: string): [name: string, password: string] {
  const colon = user.indexOf(':')
  if (colon < 1) throw invalidArguments(`--user is '${user}': it must be <name:password>`)
  return [user.slice(0, colon), user.slice(colon + 1)]
}

/** Returns the value of an option that has one of a few values. */
function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined) return undefined
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  const names = `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`
  throw invalidArguments(`${option} is '${value}': it must be ${names}`)
}

function optionalNumber(
  option: string,
  value: string | undefined,
  minimum: number,
  maximum = 2 ** 31,
): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number
  throw invalidArguments(`${option} is '${value}': it must be a whole number from ${minimum} to ${maximum}`)
}

/** Returns the error of an invalid command line. */
function invalidArguments(fault: string): AntiphonError {
  return new AntiphonError('invalid-argument', `${fault}; see --help`)
}

/** Returns the error's message in one line, without Node's advice on positional arguments. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return reason.replace(/\. To specify a positional.*|\.$/s, '').replaceAll('\n', ' ')
}

/** Returns the name that the first unknown option resembles, as a hint. */
function hintFor(args: readonly string[]): string {
  const unknown = args
    .map((arg) => /^--([^=]+)/.exec(arg)?.[1])
    .find((name) => name !== undefined && !(name in options))
  const nearest = unknown === undefined ? undefined : nearestName(unknown, optionNames)
  return nearest === undefined ? '' : `; did you mean --${nearest}?`
}
