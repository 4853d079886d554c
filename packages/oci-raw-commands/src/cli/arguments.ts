import { AntiphonError } from '@antiphon/core'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Invocation, RequestDataFormat } from '../invocation.js'

/** What `--help` prints. */
export const help = `antiphon-oci: raw commands of the OCI IoT Platform, and a local stand-in of it

Usage: antiphon-oci [iot digital-twin-instance] <command> [options]

Commands
  invoke-raw-json-command     sends a JSON object
  invoke-raw-text-command     sends a text
  invoke-raw-binary-command   sends bytes
  platform                    runs the stand-in, until Ctrl-C

Invoking
  --digital-twin-instance-id <ocid>   the device (required)
  --request-endpoint <topic>          where it gets the command (required)
  --request-data <data>               JSON, text, or base64; file://<path> reads it from a file
  --request-data-content-type <type>  its media type
  --request-duration <duration>       to be delivered within this, ISO 8601 such as PT10M (default PT10M)
  --response-endpoint <topic>         where it answers; without it nobody waits for an answer
  --response-duration <duration>      to be answered within this of its delivery (default PT10M)
  --endpoint <url>                    the platform (default: OCI_IOT_ENDPOINT, or http://127.0.0.1:8080)
  --wait                              follows the record and prints each status, then the record
  --timeout <seconds>                 how long --wait follows it (default: as long as the platform does)

Running the stand-in
  --device <key:password>             a device: its external key and password; may be repeated. Its id is
                                      ocid1.iotdigitaltwininstance.oc1..<key>
  --http <port>                       the HTTP API (default 8080)
  --port <port>                       MQTTS, or plain MQTT without --cert (default 8883)
  --wss <port>                        WebSockets over TLS, path /mqtt; needs --cert
  --cert <file>, --key <file>         the certificate and its key, PEM
  --ca <file>                         authorities of client certificates, whose CN is an external key, PEM

  --help                              prints this

An invoke ends with 0 when the platform took it; with --wait, when it was answered.`

/** An invoke that the command line asks for. */
export interface InvokeRequest {
  readonly command: 'invoke'
  readonly instanceId: string
  readonly invocation: Invocation
  readonly url: string
  readonly isFollowed: boolean
  /** Milliseconds. */
  readonly timeout: number
}

/** A stand-in that the command line asks for. */
export interface PlatformRequest {
  readonly command: 'platform'
  readonly devices: readonly {
    readonly id: string
    readonly externalKey: string
    readonly password: string
  }[]
  readonly http: number
  readonly port: number
  readonly wss?: number
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
}

const formats: Readonly<Record<string, RequestDataFormat>> = {
  'invoke-raw-json-command': 'JSON',
  'invoke-raw-text-command': 'TEXT',
  'invoke-raw-binary-command': 'BINARY',
}

/** Reads a command line; throws `invalid-argument`. */
export function readArguments(args: readonly string[]): InvokeRequest | PlatformRequest | 'help' {
  const { values, positionals } = parse(args)
  if (values.help === true) return 'help'
  const said = positionals.join(' ').replace(/^iot digital-twin-instance /, '')
  if (said === 'platform') return toPlatform(values)
  const format = formats[said]
  if (format === undefined)
    throw refused(`'${said}' is none of ${[...Object.keys(formats), 'platform'].join(', ')}`)
  return toInvoke(values, format)
}

type Values = ReturnType<typeof parse>['values']

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'digital-twin-instance-id': text,
        'request-endpoint': text,
        'request-data': text,
        'request-data-content-type': text,
        'request-duration': text,
        'response-endpoint': text,
        'response-duration': text,
        endpoint: text,
        wait: flag,
        timeout: text,
        device: { type: 'string', multiple: true },
        http: text,
        port: text,
        wss: text,
        cert: text,
        key: text,
        ca: text,
        help: flag,
      },
    })
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error))
  }
}

function toInvoke(values: Values, requestDataFormat: RequestDataFormat): InvokeRequest {
  const optional = {
    requestDataContentType: values['request-data-content-type'],
    requestDuration: values['request-duration'],
    responseEndpoint: values['response-endpoint'],
    responseDuration: values['response-duration'],
    requestData: toData(values['request-data'], requestDataFormat),
  }
  const given = Object.entries(optional).filter(([, value]) => value !== undefined)
  return {
    command: 'invoke',
    instanceId: required(values, 'digital-twin-instance-id'),
    invocation: {
      requestDataFormat,
      requestEndpoint: required(values, 'request-endpoint'),
      ...Object.fromEntries(given),
    },
    url: values.endpoint ?? process.env['OCI_IOT_ENDPOINT'] ?? 'http://127.0.0.1:8080',
    isFollowed: values.wait === true,
    timeout: values.timeout === undefined ? Infinity : toNumber('timeout', values.timeout, 2 ** 31) * 1_000,
  }
}

function toData(said: string | undefined, format: RequestDataFormat): unknown {
  if (said === undefined) return undefined
  const isFile = said.startsWith('file://')
  const file = isFile ? readFileSync(said.slice('file://'.length)) : undefined
  if (format === 'BINARY') return file?.toString('base64') ?? said
  const text = file?.toString('utf8') ?? said
  if (format === 'TEXT') return text
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw refused(`--request-data is no JSON: ${(cause as Error).message}`)
  }
}

function toPlatform(values: Values): PlatformRequest {
  const { cert, key, ca, wss } = values
  if ((cert === undefined) !== (key === undefined)) throw refused('--cert and --key need each other')
  if (wss !== undefined && cert === undefined) throw refused('--wss needs --cert and --key')
  const devices = (values.device ?? []).map(toDevice)
  if (devices.length === 0) throw refused('platform needs a --device')
  return {
    command: 'platform',
    devices,
    http: toNumber('http', values.http ?? '8080'),
    port: toNumber('port', values.port ?? '8883'),
    ...(wss === undefined ? {} : { wss: toNumber('wss', wss) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert, key, ...(ca === undefined ? {} : { ca }) } }),
  }
}

function toDevice(said: string): PlatformRequest['devices'][number] {
  const colon = said.indexOf(':')
  if (colon < 1) throw refused(`--device '${said}' is not of the form key:password`)
  const externalKey = said.slice(0, colon)
  const id = `ocid1.iotdigitaltwininstance.oc1..${externalKey}`
  return { id, externalKey, password: said.slice(colon + 1) }
}

function required(values: Values, name: 'digital-twin-instance-id' | 'request-endpoint'): string {
  const value = values[name]
  if (value === undefined) throw refused(`--${name} is missing`)
  return value
}

function toNumber(option: string, value: string, most = 65_535): number {
  const number = Number(value)
  if (value !== '' && Number.isInteger(number) && number >= 0 && number <= most) return number
  throw refused(`--${option} '${value}' is not a whole number from 0 to ${most}`)
}

function refused(why: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', `${why}; see --help`)
}
