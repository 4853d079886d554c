import { parseArgs } from 'node:util'
import { AntiphonError } from '@antiphon/core'
import { nearestName } from '@antiphon/core/link'
import type { MemoryPolicy, QueuePolicy, SessionPolicy } from '../options.js'
import type { ListenOptions } from '../listen/listen.js'

/** The text that `--help` prints. */
export const help = `antiphon-broker: an MQTT 5 and 3.1.1 broker

Usage: antiphon-broker [options]

Listeners (port 0 takes any free port; default: --port 1883)
  --port <port>            MQTT over TCP
  --tls <port>             MQTT over TLS; needs --cert and --key, or --dev-tls
  --ws <port>              MQTT over WebSocket
  --wss <port>             MQTT over WebSocket over TLS; needs --cert and --key, or --dev-tls
  --host <address>         the address to listen on (default: 127.0.0.1, this machine only)
  --path <path>            the only path that WebSocket clients may use (default: any)

TLS
  --dev-tls                a certificate for localhost, for development; prints how to trust it (default port: --tls 8883)
  --cert <file>            the certificate chain, PEM
  --key <file>             its private key, PEM
  --ca <file>              certificate authorities, PEM; clients must then present a certificate
  --crl <file>             a certificate revocation list, PEM; needs --ca. May be repeated

Users (default: every client may connect)
  --user <name:password>   a user; clients must then connect as one of the users. May be repeated

Storage (default: in memory)
  --data <directory>       stores sessions, queues and retained messages here; needs the package classic-level

Limits
  --max-connections <n>    connections at a time (default: 10000)
  --max-packet <bytes>     the size of the largest packet (default: 1048576)
  --max-sessions <n>       sessions at a time, connected or not (default: 100000)
  --max-queue <n>          messages queued for one client (default: 10000)
  --max-total <bytes>      subscriptions, Wills and queued messages of all clients (default: 536870912)
  --queue-policy <policy>  drop-new, drop-oldest or disconnect (default: drop-new)
  --session-policy <p>     end-oldest or refuse-new, at --max-sessions (default: end-oldest)
  --memory-policy <p>      drop-largest or refuse-new, at --max-total (default: drop-largest)
  --shared-offline <mode>  queue or skip: messages of a shared subscription without a connected member (default: queue)

Other options
  --verbose                prints each event as one line of JSON, with the time; payloads are text or hexadecimal
  -h, --help               prints this help
  --version                prints the version

Ctrl-C closes the listeners, waits for messages in flight and exits; a second Ctrl-C exits at once.`

/** The parsed command line. */
export interface CliArguments {
  readonly listen: readonly ListenerArguments[]
  readonly users: ReadonlyMap<string, string>
  readonly data?: string
  readonly limits: {
    readonly connections?: number
    readonly packetSize?: number
    readonly sessions?: number
    readonly queueMessages?: number
    readonly totalBytes?: number
  }
  readonly policies: {
    readonly queuePolicy: QueuePolicy
    readonly sessionPolicy: SessionPolicy
    readonly memoryPolicy: MemoryPolicy
    readonly sharedOffline: 'skip' | 'queue'
  }
  readonly isVerbose: boolean
  /** Whether listeners without a certificate use one for development. */
  readonly usesDevelopmentTls: boolean
}

/** The arguments of one listener; its certificate files have not been read. */
export interface ListenerArguments {
  readonly protocol: ListenOptions['protocol']
  readonly port: number
  readonly host: string
  readonly path?: string
  readonly files?: {
    readonly cert: string
    readonly key: string
    readonly ca?: string
    readonly crl: readonly string[]
  }
}

/** Parses a command line; returns `help` or `version` if it requests that text. Throws `invalid-argument`. */
export function readArguments(args: readonly string[]): CliArguments | 'help' | 'version' {
  const { values } = parse(args)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const { data } = values
  const connections = optionalNumber('--max-connections', values['max-connections'], 1)
  const packetSize = optionalNumber('--max-packet', values['max-packet'], 16)
  const sessions = optionalNumber('--max-sessions', values['max-sessions'], 1)
  const totalBytes = optionalNumber('--max-total', values['max-total'], 1, Number.MAX_SAFE_INTEGER)
  const queueMessages = optionalNumber('--max-queue', values['max-queue'], 1)
  return {
    listen: readListeners(values),
    users: new Map((values.user ?? []).map(readUser)),
    ...(data === undefined ? {} : { data }),
    limits: {
      ...(connections === undefined ? {} : { connections }),
      ...(packetSize === undefined ? {} : { packetSize }),
      ...(sessions === undefined ? {} : { sessions }),
      ...(queueMessages === undefined ? {} : { queueMessages }),
      ...(totalBytes === undefined ? {} : { totalBytes }),
    },
    policies: readPolicies(values),
    isVerbose: values.verbose === true,
    usesDevelopmentTls: values['dev-tls'] === true,
  }
}

type Values = ReturnType<typeof parse>['values']

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

const options = {
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

function readListeners(values: Values): ListenerArguments[] {
  const { host = '127.0.0.1', path, cert, key, ca, crl = [] } = values
  const isDevelopment = values['dev-tls'] === true
  if (isDevelopment && (cert ?? key ?? ca) !== undefined)
    throw invalidArguments('--dev-tls excludes --cert, --key and --ca: it creates the certificate')
  if (crl.length > 0 && ca === undefined)
    throw invalidArguments('--crl needs --ca, which lets clients present certificates')
  const listeners: ListenerArguments[] = []
  for (const [option, protocol] of [
    ['port', 'tcp'],
    ['tls', 'tls'],
    ['ws', 'ws'],
    ['wss', 'wss'],
  ] as const) {
    const port = optionalNumber(`--${option}`, values[option], 0, 65_535)
    if (port === undefined) continue
    const isSecure = protocol === 'tls' || protocol === 'wss'
    if (isSecure && !isDevelopment && (cert === undefined || key === undefined))
      throw invalidArguments(`--${option} has no certificate: set --cert and --key, or --dev-tls`)
    listeners.push({
      protocol,
      port,
      host,
      ...(path === undefined ? {} : { path }),
      ...(isSecure && cert !== undefined && key !== undefined
        ? { files: { cert, key, crl, ...(ca === undefined ? {} : { ca }) } }
        : {}),
    })
  }
  if (listeners.length > 0) return listeners
  return [isDevelopment ? { protocol: 'tls', port: 8883, host } : { protocol: 'tcp', port: 1883, host }]
}

function readUser(user: string): [name: string, password: string] {
  const colon = user.indexOf(':')
  if (colon < 1) throw invalidArguments(`--user is '${user}': it must be <name:password>`)
  return [user.slice(0, colon), user.slice(colon + 1)]
}

function readPolicies(values: Values): CliArguments['policies'] {
  return {
    queuePolicy: oneOf('--queue-policy', values['queue-policy'], ['drop-new', 'drop-oldest', 'disconnect']),
    sessionPolicy: oneOf('--session-policy', values['session-policy'], ['end-oldest', 'refuse-new']),
    memoryPolicy: oneOf('--memory-policy', values['memory-policy'], ['drop-largest', 'refuse-new']),
    sharedOffline: oneOf('--shared-offline', values['shared-offline'], ['queue', 'skip']),
  }
}

/** Returns the value of an option that has one of a few values; the first is the default. */
function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly [T, ...T[]],
): T {
  if (value === undefined) return allowed[0]
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
