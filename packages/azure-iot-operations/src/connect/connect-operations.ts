import type { Link } from '@antiphon/core'
import { connect, type Authentication, type ConnectOptions, type Credentials } from '@antiphon/mqtt'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { filter } from 'rxjs'
import { invalidConfiguration } from '../operations-error.js'
import { toOperationsError } from '../protocol/to-operations-error.js'
import { fileContents$ } from './file-contents.js'
import { requireSettings, type ConnectionSettings } from './settings.js'

/** Options of the connection that are no settings of the deployment. */
export type OperationsConnectOptions = Omit<
  ConnectOptions,
  | 'authentication'
  | 'ca'
  | 'cert'
  | 'clean'
  | 'clientId'
  | 'credentials'
  | 'keepalive'
  | 'key'
  | 'passphrase'
  | 'password'
  | 'protocolVersion'
  | 'username'
>

/** The Authentication Method of Kubernetes service account tokens. */
const SERVICE_ACCOUNT_TOKEN = 'K8S-SAT'

/**
 * Creates a link to the broker of Azure IoT Operations, with a session that outlives the connection and ends with `close()`,
 * unless `endSession` is false.
 *
 * Lazy like every link. Throws `invalid-configuration` if a setting is invalid or a file cannot be read.
 *
 * @example
 * ```ts
 * const link = connectOperations({ hostName: 'aio-broker', clientId: 'press-7', satAuthFile: '/var/run/secrets/tokens/broker-sat' })
 * ```
 */
export function connectOperations(
  settings: ConnectionSettings,
  { properties, ...options }: OperationsConnectOptions = {},
): Link {
  const checked = requireSettings(settings, {}, 'the settings')
  const { hostName, tcpPort = 8_883, useTls = true, cleanStart = false, keepAlive = 60, clientId } = checked
  const { sessionExpiry = 3_600, receiveMaximum } = checked
  try {
    return connect(`${useTls ? 'mqtts' : 'mqtt'}://${hostName}:${tcpPort}`, {
      endSession: true,
      ...options,
      clientId,
      keepalive: keepAlive,
      // Without `clean`, the first connection starts a session and later ones resume it.
      ...(!cleanStart && { clean: false }),
      ...(useTls && tlsOptions(checked)),
      ...authenticationOptions(checked, options),
      properties: {
        ...properties,
        sessionExpiryInterval: sessionExpiry,
        ...(receiveMaximum !== undefined && { receiveMaximum }),
      },
    })
  } catch (thrown) {
    throw toOperationsError(thrown)
  }
}

function tlsOptions({
  caFile,
  certFile,
  keyFile,
  keyPasswordFile,
}: ConnectionSettings): Pick<ConnectOptions, 'ca' | 'cert' | 'key' | 'passphrase'> {
  const authorities = typeof caFile === 'string' ? [caFile] : caFile
  return {
    ...(authorities !== undefined && { ca: authorities.map((file) => readText('caFile', file)) }),
    ...(certFile !== undefined && { cert: readText('certFile', certFile) }),
    ...(keyFile !== undefined && { key: readText('keyFile', keyFile) }),
    ...(keyPasswordFile !== undefined && { passphrase: readText('keyPasswordFile', keyPasswordFile).trim() }),
  }
}

function authenticationOptions(
  { username, passwordFile, satAuthFile }: ConnectionSettings,
  { scheduler }: Pick<ConnectOptions, 'scheduler'>,
): Pick<ConnectOptions, 'authentication' | 'credentials' | 'username'> {
  if (satAuthFile !== undefined) {
    // The token may be replaced before its file is watched.
    let sent = ''
    const authentication: Authentication = {
      method: SERVICE_ACCOUNT_TOKEN,
      begin: async () => {
        sent = await readFile(satAuthFile, 'utf8')
        return { data: new TextEncoder().encode(sent) }
      },
      reauthenticate$: fileContents$(satAuthFile, scheduler).pipe(filter((token) => token !== sent)),
    }
    return { authentication }
  }
  if (username === undefined) return {}
  if (passwordFile === undefined) return { username }
  const credentials = async (): Promise<Credentials> => ({
    username,
    password: (await readFile(passwordFile, 'utf8')).trim(),
  })
  return { credentials }
}

function readText(setting: keyof ConnectionSettings, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw invalidConfiguration(setting, file, `cannot read ${setting}: ${String(thrown)}`)
  }
}
