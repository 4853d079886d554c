import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { invalidConfiguration } from '../operations-error.js'
import { requireSettings, toSettings, unknownSetting, type ConnectionSettings } from './settings.js'

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

const variables = {
  hostName: 'AIO_BROKER_HOSTNAME',
  tcpPort: 'AIO_BROKER_TCP_PORT',
  useTls: 'AIO_MQTT_USE_TLS',
  caFile: 'AIO_TLS_CA_FILE',
  cleanStart: 'AIO_MQTT_CLEAN_START',
  keepAlive: 'AIO_MQTT_KEEP_ALIVE',
  clientId: 'AIO_MQTT_CLIENT_ID',
  sessionExpiry: 'AIO_MQTT_SESSION_EXPIRY',
  username: 'AIO_MQTT_USERNAME',
  passwordFile: 'AIO_MQTT_PASSWORD_FILE',
  certFile: 'AIO_TLS_CERT_FILE',
  keyFile: 'AIO_TLS_KEY_FILE',
  keyPasswordFile: 'AIO_TLS_KEY_PASSWORD_FILE',
  satAuthFile: 'AIO_SAT_FILE',
} as const

const fieldNames = {
  hostName: 'HostName',
  tcpPort: 'TcpPort',
  useTls: 'UseTls',
  caFile: 'CaFile',
  cleanStart: 'CleanStart',
  keepAlive: 'KeepAlive',
  clientId: 'ClientId',
  sessionExpiry: 'SessionExpiry',
  username: 'Username',
  passwordFile: 'PasswordFile',
  certFile: 'CertFile',
  keyFile: 'KeyFile',
  keyPasswordFile: 'KeyPasswordFile',
  satAuthFile: 'SatAuthFile',
} as const

/**
 * Reads connection settings from environment variables such as `AIO_BROKER_HOSTNAME`. Throws `invalid-configuration` with the name of the
 * variable that is missing or invalid.
 *
 * @example
 * ```ts
 * const link = connectOperations(settingsFromEnvironment())
 * ```
 */
export function settingsFromEnvironment(environment: Environment = process.env): ConnectionSettings {
  return toSettings({
    source: 'the environment',
    names: variables,
    read: (name) => environment[name],
  })
}

/**
 * Parses connection settings such as `HostName=broker;TcpPort=1883;UseTls=false;ClientId=press-7`. Throws
 * `invalid-configuration` with the name of the field that is unknown, repeated, missing or invalid.
 */
export function settingsFromConnectionString(text: string): ConnectionSettings {
  const source = 'the connection string'
  const known: readonly string[] = Object.values(fieldNames)
  const fields = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=(.*)$/.exec(part) ?? []
    if (!known.includes(name)) throw unknownSetting(name, source, known)
    if (fields.has(name))
      throw invalidConfiguration(name, value, `${name} of ${source} is repeated: set it once`)
    fields.set(name, value)
  }
  return toSettings({ source, names: fieldNames, read: (name) => fields.get(name) })
}

/** The file with the connection settings of a connector. */
const CONFIGURATION = 'MQTT_CONNECTION_CONFIGURATION'

/**
 * Reads the connection settings that are mounted into the pod of a connector: environment variables such as
 * `CONNECTOR_CONFIGURATION_MOUNT_PATH` name the folders and files. Throws `invalid-configuration` with the name of what is missing or invalid.
 */
export function settingsFromMounts(environment: Environment = process.env): ConnectionSettings {
  const configuration = readConfiguration(required(environment, 'CONNECTOR_CONFIGURATION_MOUNT_PATH'))
  const { host, keepAliveSeconds, sessionExpirySeconds, maxInflightMessages, tls } = configuration
  const [, hostName, port] = /^([^:]+):(\d{1,5})$/.exec(String(host)) ?? []
  if (hostName === undefined)
    throw invalidConfiguration(
      'host',
      host,
      `host of ${CONFIGURATION} is ${String(host)}: it must be <name>:<port>`,
    )
  const useTls = String(tls?.mode).toLowerCase() === 'enabled'
  const trustBundle = environment['BROKER_TLS_TRUST_BUNDLE_CACERT_MOUNT_PATH']
  const satAuthFile = environment['BROKER_SAT_MOUNT_PATH']
  const numbers = {
    keepAlive: wholeNumber('keepAliveSeconds', keepAliveSeconds),
    sessionExpiry: wholeNumber('sessionExpirySeconds', sessionExpirySeconds),
    receiveMaximum: wholeNumber('maxInflightMessages', maxInflightMessages),
  }
  return requireSettings(
    {
      hostName,
      tcpPort: Number(port),
      useTls,
      clientId: required(environment, 'CONNECTOR_ID'),
      ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
      ...(useTls && trustBundle && { caFile: filesIn(trustBundle) }),
      ...(satAuthFile && { satAuthFile }),
    },
    { hostName: 'host', clientId: 'CONNECTOR_ID' },
    'the mounted configuration',
  )
}

/** The contents of the file with the connection settings, none of which are certain. */
interface MountedConfiguration {
  readonly host?: unknown
  readonly keepAliveSeconds?: unknown
  readonly sessionExpirySeconds?: unknown
  readonly maxInflightMessages?: unknown
  readonly tls?: { readonly mode?: unknown } | null
}

function readConfiguration(folder: string): MountedConfiguration {
  const file = join(folder, CONFIGURATION)
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch (thrown) {
    throw invalidConfiguration(CONFIGURATION, file, `cannot read ${file}: ${String(thrown)}`)
  }
  throw invalidConfiguration(CONFIGURATION, file, `cannot read ${file}: it must be a JSON object`)
}

/** Returns the files in a folder; Kubernetes mounts them beside links whose names begin with `..`. */
function filesIn(folder: string): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith('..'))
  } catch (thrown) {
    throw trustBundleFault(folder, String(thrown))
  }
  if (names.length === 0) throw trustBundleFault(folder, 'the folder is empty')
  return [...names].sort().map((name) => join(folder, name))
}

function trustBundleFault(folder: string, reason: string): Error {
  const name = 'BROKER_TLS_TRUST_BUNDLE_CACERT_MOUNT_PATH'
  return invalidConfiguration(name, folder, `cannot read the trust bundle in ${folder}: ${reason}`)
}

function required(environment: Environment, name: string): string {
  const value = environment[name]
  if (value === undefined || value === '')
    throw invalidConfiguration(name, undefined, `${name} of the environment is missing: set it`)
  return value
}

function wholeNumber(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (Number.isInteger(value)) return value as number
  throw invalidConfiguration(
    name,
    value,
    `${name} of ${CONFIGURATION} is ${JSON.stringify(value)}: it must be a whole number`,
  )
}
