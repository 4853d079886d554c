import { AntiphonError } from '@antiphon/core'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { ConfigLocation } from '../cloud/api-key.js'
import { cloudUrl } from '../cloud/cloud-url.js'
import type { Invocation, RequestDataFormat } from '../invocation.js'
import { rawJson } from '../invoke/raw-json.js'

/** The text that `--help` prints. */
export const help = `antiphon-oci: raw commands of the OCI IoT Platform, and a local stand-in for it

Usage: antiphon-oci <command> [options]
The words "iot digital-twin-instance" may come first, as in the command line of OCI.

Commands
  invoke-raw-json-command             sends a JSON object
  invoke-raw-text-command             sends a text
  invoke-raw-binary-command           sends bytes
  platform                            runs the stand-in until Ctrl-C

Invoke options
  --digital-twin-instance-id <ocid>   the device (required)
  --request-endpoint <topic>          the topic the command is published to (required)
  --request-data <data>               JSON, text or base64; file://<path> reads it from a file
  --request-data-content-type <type>  its media type
  --request-duration <duration>       the maximum time until delivery, ISO 8601 (default: PT10M)
  --response-endpoint <topic>         the topic of the response (default: no response is awaited)
  --response-duration <duration>      the maximum time from delivery to response (default: PT10M)
  --endpoint <url>                    the platform (default: OCI_IOT_ENDPOINT, or http://127.0.0.1:8080)
  --region <region>                   the cloud instead, such as eu-frankfurt-1; signs with an API key
  --config-file <file>                the configuration of OCI's command line (default: ~/.oci/config)
  --profile <name>                    its profile (default: DEFAULT)
  --data-api <url>                    where --wait reads records of the cloud; the token is in OCI_IOT_DATA_TOKEN
  --wait                              prints each status, then the record
  --retry-token <token>               identifies the command, so that repeating it delivers nothing new
  --timeout <seconds>                 the maximum time for --wait (default: none besides the platform's)

Platform options (port 0 takes any free port)
  --host <address>                    the address to listen on (default: 127.0.0.1)
  --device <key:password>             a device: its external key and password; may be repeated. Its id is
                                      ocid1.iotdigitaltwininstance.oc1..<key>
  --http <port>                       the HTTP API (default: 8080)
  --port <port>                       MQTT over TLS, or without TLS if --cert and --dev-tls are missing (default: 8883)
  --wss <port>                        MQTT over WebSocket over TLS, path /mqtt; needs --cert and --key, or --dev-tls
  --cert <file>, --key <file>         the certificate chain and its private key, PEM
  --dev-tls                           a certificate for localhost, for development; prints how to trust it
  --ca <file>                         certificate authorities of devices, whose CN is an external key, PEM
  --data <directory>                  stores sessions, commands and records here, so that they survive a restart; needs
                                      the package classic-level (default: in memory)
  --verbose                           prints each connection, refusal with its reason, subscription, publish and drop
  --json                              prints everything as lines of JSON, with whole messages

Other options
  -h, --help                          prints this help

The exit code of an invoke is 0 if the platform accepted it; with --wait, if the device responded.`

/** How to use the cloud. */
export interface CloudArguments {
  /** The configuration file and its profile. */
  readonly config: ConfigLocation
  /** The root of the data API and a bearer token for it. */
  readonly dataApi?: { readonly url: string; readonly token: string }
}

/** A parsed invoke command. */
export interface InvokeCommand {
  readonly command: 'invoke'
  readonly instanceId: string
  readonly invocation: Invocation
  readonly url: string
  /** The cloud; absent: the local platform at `url`. */
  readonly cloud?: CloudArguments
  readonly retryToken?: string
  /** Whether `--wait` is set. */
  readonly isFollowed: boolean
  /** The maximum time for `--wait`, in milliseconds. */
  readonly timeout: number
}

/** A parsed platform command. */
export interface PlatformCommand {
  readonly command: 'platform'
  readonly devices: readonly {
    readonly id: string
    readonly externalKey: string
    readonly password: string
  }[]
  readonly host: string
  readonly http: number
  readonly port: number
  readonly wss?: number
  readonly tls?: { readonly cert: string; readonly key: string } | 'development'
  /** The file of the authorities of devices. */
  readonly ca?: string
  readonly data?: string
  readonly isVerbose: boolean
  readonly isJson: boolean
}

const formats: Readonly<Record<string, RequestDataFormat>> = {
  'invoke-raw-json-command': 'JSON',
  'invoke-raw-text-command': 'TEXT',
  'invoke-raw-binary-command': 'BINARY',
}

/** Parses a command line; returns `help` for `--help`. Throws `invalid-argument`. */
export function readArguments(args: readonly string[]): InvokeCommand | PlatformCommand | 'help' {
  const { values, positionals } = parse(args)
  if (values.help === true) return 'help'
  const command = positionals.join(' ').replace(/^iot digital-twin-instance /, '')
  if (command === 'platform') return toPlatform(values)
  const format = Object.hasOwn(formats, command) ? formats[command] : undefined
  if (format === undefined) throw commandLineError(`the command '${command}' is unknown`)
  return toInvoke(values, format)
}

type Values = ReturnType<typeof parse>['values']

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

const options = {
  'digital-twin-instance-id': text,
  'request-endpoint': text,
  'request-data': text,
  'request-data-content-type': text,
  'request-duration': text,
  'response-endpoint': text,
  'response-duration': text,
  endpoint: text,
  region: text,
  'config-file': text,
  profile: text,
  'data-api': text,
  wait: flag,
  timeout: text,
  'retry-token': text,
  device: { ...text, multiple: true },
  host: text,
  http: text,
  port: text,
  wss: text,
  cert: text,
  key: text,
  ca: text,
  'dev-tls': flag,
  data: text,
  verbose: flag,
  json: flag,
  help: { ...flag, short: 'h' },
} as const

/** The names of all options, without their dashes. */
export const optionNames: readonly string[] = Object.keys(options)

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw commandLineError(reasonOf(error))
  }
}

function toInvoke(values: Values, requestDataFormat: RequestDataFormat): InvokeCommand {
  const optional = {
    requestDataContentType: values['request-data-content-type'],
    requestDuration: values['request-duration'],
    responseEndpoint: values['response-endpoint'],
    responseDuration: values['response-duration'],
    requestData: toData(values['request-data'], requestDataFormat),
  }
  const present = Object.entries(optional).filter(([, value]) => value !== undefined)
  return {
    command: 'invoke',
    instanceId: required(values, 'digital-twin-instance-id'),
    invocation: {
      requestDataFormat,
      requestEndpoint: required(values, 'request-endpoint'),
      ...Object.fromEntries(present),
    },
    ...toCloud(values),
    ...(values['retry-token'] === undefined ? {} : { retryToken: values['retry-token'] }),
    isFollowed: values.wait === true,
    timeout: values.timeout === undefined ? Infinity : toNumber('timeout', values.timeout, 2 ** 31) * 1_000,
  }
}

/** Returns the URL of the local platform, or that of the cloud and how to use it. */
function toCloud(values: Values): Pick<InvokeCommand, 'url' | 'cloud'> {
  const { endpoint, region, profile } = values
  const file = values['config-file']
  const dataUrl = values['data-api']
  if (region === undefined) {
    for (const name of ['config-file', 'profile', 'data-api'] as const)
      if (values[name] !== undefined) throw commandLineError(`--${name} needs --region`)
    return { url: endpoint ?? process.env['OCI_IOT_ENDPOINT'] ?? 'http://127.0.0.1:8080' }
  }
  const token = process.env['OCI_IOT_DATA_TOKEN']
  if (dataUrl !== undefined && token === undefined)
    throw commandLineError('--data-api needs a bearer token in OCI_IOT_DATA_TOKEN')
  if (values.wait === true && dataUrl === undefined)
    throw commandLineError('--wait needs --data-api with --region: the cloud keeps its records there')
  const config = { ...(file === undefined ? {} : { file }), ...(profile === undefined ? {} : { profile }) }
  const dataApi = dataUrl === undefined || token === undefined ? {} : { dataApi: { url: dataUrl, token } }
  return { url: endpoint ?? cloudUrl(region), cloud: { config, ...dataApi } }
}

function toData(data: string | undefined, format: RequestDataFormat): unknown {
  if (data === undefined) return undefined
  const isFile = data.startsWith('file://')
  const file = isFile ? readFileSync(data.slice('file://'.length)) : undefined
  if (format === 'BINARY') return file?.toString('base64') ?? data
  const content = file?.toString('utf8') ?? data
  if (format === 'TEXT') return content
  try {
    return rawJson(content)
  } catch (cause) {
    throw commandLineError(`--request-data is not JSON: ${(cause as Error).message}`)
  }
}

function toPlatform(values: Values): PlatformCommand {
  const { cert, key, ca, wss, data } = values
  const usesDevelopmentTls = values['dev-tls'] === true
  if ((cert === undefined) !== (key === undefined))
    throw commandLineError('--cert and --key need each other: set both or none')
  if (usesDevelopmentTls && cert !== undefined)
    throw commandLineError('--dev-tls excludes --cert and --key: it creates the certificate')
  const hasTls = usesDevelopmentTls || cert !== undefined
  if (wss !== undefined && !hasTls) throw commandLineError('--wss needs --cert and --key, or --dev-tls')
  if (ca !== undefined && !hasTls) throw commandLineError('--ca needs --cert and --key, or --dev-tls')
  const devices = (values.device ?? []).map(toDevice)
  if (devices.length === 0) throw commandLineError('--device is missing: set it to <key:password>')
  return {
    command: 'platform',
    devices,
    host: values.host ?? '127.0.0.1',
    http: toNumber('http', values.http ?? '8080'),
    port: toNumber('port', values.port ?? '8883'),
    ...(wss === undefined ? {} : { wss: toNumber('wss', wss) }),
    ...(usesDevelopmentTls ? { tls: 'development' } : {}),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(ca === undefined ? {} : { ca }),
    ...(data === undefined ? {} : { data }),
    isVerbose: values.verbose === true,
    isJson: values.json === true,
  }
}

function toDevice(device: string): PlatformCommand['devices'][number] {
  const colon = device.indexOf(':')
  if (colon < 1) throw commandLineError(`--device is '${device}': it must be <key:password>`)
  const externalKey = device.slice(0, colon)
  const id = `ocid1.iotdigitaltwininstance.oc1..${externalKey}`
  return { id, externalKey, password: device.slice(colon + 1) }
}

function required(values: Values, name: 'digital-twin-instance-id' | 'request-endpoint'): string {
  const value = values[name]
  if (value === undefined) throw commandLineError(`--${name} is missing: it is required`)
  return value
}

function toNumber(option: string, value: string, most = 65_535): number {
  const number = Number(value)
  if (value !== '' && Number.isInteger(number) && number >= 0 && number <= most) return number
  throw commandLineError(`--${option} is '${value}': it must be a whole number from 0 to ${most}`)
}

/** Creates the error for an invalid command line. */
function commandLineError(why: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', `${why}; see --help`)
}

/** Returns the reason of a parse error in one line, without Node's advice on positionals. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return reason.replace(/\. To specify a positional.*|\.$/s, '').replaceAll('\n', ' ')
}
