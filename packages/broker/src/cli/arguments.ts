import { parseArgs } from 'node:util'
import { AntiphonError } from '@antiphon/core'
import type { QueuePolicy } from '../options.js'
import type { ListenOptions } from '../listen/listen.js'

/** The text that `--help` prints. */
export const help = `antiphon-broker: an MQTT 5 and 3.1.1 broker

Usage: antiphon-broker [options]

Listeners (port 0 takes any free port; default: --port 1883)
  --port <port>            MQTT over TCP
  --tls <port>             MQTT over TLS; needs --cert and --key
  --ws <port>              MQTT over WebSocket
  --wss <port>             MQTT over WebSocket over TLS; needs --cert and --key
  --host <address>         the address to listen on (default: 127.0.0.1, this machine only)
  --path <path>            the only path that WebSocket clients may use (default: any)

TLS
  --cert <file>            the certificate chain, PEM
  --key <file>             its private key, PEM
  --ca <file>              certificate authorities, PEM; clients must then present a certificate

Users (default: every client may connect)
  --user <name:password>   a user; clients must then connect as one of the users. May be repeated

Storage (default: in memory)
  --data <directory>       stores sessions, queues and retained messages here; needs the package classic-level

Limits
  --max-connections <n>    connections at a time (default: 10000)
  --max-packet <bytes>     the size of the largest packet (default: 1048576)
  --max-queue <n>          messages queued for one client (default: 10000)
  --queue-policy <policy>  drop-new, drop-oldest or disconnect (default: drop-new)
  --shared-offline <mode>  queue or skip: messages of a shared subscription without a connected member (default: queue)

Other options
  --verbose                prints each event as one line of JSON
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
    readonly queueMessages?: number
  }
  readonly queuePolicy: QueuePolicy
  readonly sharedOffline: 'skip' | 'queue'
  readonly isVerbose: boolean
}

/** The arguments of one listener; its certificate files have not been read. */
export interface ListenerArguments {
  readonly protocol: ListenOptions['protocol']
  readonly port: number
  readonly host: string
  readonly path?: string
  readonly files?: { readonly cert: string; readonly key: string; readonly ca?: string }
}

/** Parses a command line; returns `help` or `version` if it requests that text. Throws `invalid-argument`. */
export function readArguments(args: readonly string[]): CliArguments | 'help' | 'version' {
  const { values } = parse(args)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const { data } = values
  const connections = optionalNumber('--max-connections', values['max-connections'], 1)
  const packetSize = optionalNumber('--max-packet', values['max-packet'], 16)
  const queueMessages = optionalNumber('--max-queue', values['max-queue'], 1)
  return {
    listen: readListeners(values),
    users: new Map((values.user ?? []).map(readUser)),
    ...(data === undefined ? {} : { data }),
    limits: {
      ...(connections === undefined ? {} : { connections }),
      ...(packetSize === undefined ? {} : { packetSize }),
      ...(queueMessages === undefined ? {} : { queueMessages }),
    },
    queuePolicy: oneOf('--queue-policy', values['queue-policy'], ['drop-new', 'drop-oldest', 'disconnect']),
    sharedOffline: oneOf('--shared-offline', values['shared-offline'], ['queue', 'skip']),
    isVerbose: values.verbose === true,
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
  cert: text,
  key: text,
  ca: text,
  user: { ...text, multiple: true },
  data: text,
  'max-connections': text,
  'max-packet': text,
  'max-queue': text,
  'queue-policy': text,
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
    throw invalidArguments(reasonOf(error))
  }
}

function readListeners(values: Values): ListenerArguments[] {
  const { host = '127.0.0.1', path, cert, key, ca } = values
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
    if (isSecure && (cert === undefined || key === undefined))
      throw invalidArguments(`--${option} has no certificate: set --cert and --key`)
    listeners.push({
      protocol,
      port,
      host,
      ...(path === undefined ? {} : { path }),
      ...(isSecure && cert !== undefined && key !== undefined
        ? { files: { cert, key, ...(ca === undefined ? {} : { ca }) } }
        : {}),
    })
  }
  return listeners.length > 0 ? listeners : [{ protocol: 'tcp', port: 1883, host }]
}

function readUser(user: string): [name: string, password: string] {
  const colon = user.indexOf(':')
  if (colon < 1) throw invalidArguments(`--user is '${user}': it must be <name:password>`)
  return [user.slice(0, colon), user.slice(colon + 1)]
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
