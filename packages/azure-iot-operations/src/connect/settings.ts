import { nearestNameHint } from '@antiphon/core/link'
import { invalidConfiguration } from '../operations-error.js'

/** How to connect to the broker of Azure IoT Operations. Secrets are in files. */
export interface ConnectionSettings {
  /** The host of the broker. */
  readonly hostName: string
  /** The port of the broker. @defaultValue 8883 */
  readonly tcpPort?: number
  /** Whether the connection uses TLS. @defaultValue true */
  readonly useTls?: boolean
  /** Files with the certificate authorities to trust, as PEM. @defaultValue those of Node */
  readonly caFile?: string | readonly string[]
  /** Whether the first connection starts a new session; later connections resume it. @defaultValue false */
  readonly cleanStart?: boolean
  /** The Keep Alive in seconds. @defaultValue 60 */
  readonly keepAlive?: number
  readonly clientId: string
  /** The Session Expiry Interval in seconds. @defaultValue 3 600 */
  readonly sessionExpiry?: number
  readonly username?: string
  /** A file with the password; it is read before every connection. */
  readonly passwordFile?: string
  /** A file with the client certificate, as PEM. */
  readonly certFile?: string
  /** A file with the private key of the client certificate, as PEM. */
  readonly keyFile?: string
  /** A file with the passphrase of the private key. */
  readonly keyPasswordFile?: string
  /**
   * A file with a Kubernetes service account token. It is read before every connection, and when it changes, the client
   * authenticates again.
   */
  readonly satAuthFile?: string
  /** Receive Maximum: how many unacknowledged messages the broker may send. @defaultValue 65 535 */
  readonly receiveMaximum?: number
}

type Setting = keyof ConnectionSettings

/** The texts of settings, with the name of each in its source. */
export interface SettingTexts {
  /** Where the settings are from, for errors. */
  readonly source: string
  readonly names: Readonly<Partial<Record<Setting, string>>>
  /** Returns the text under a name of the source; `undefined` or an empty text is the default. */
  readonly read: (name: string) => string | undefined
}

const numbers: readonly Setting[] = ['tcpPort', 'keepAlive', 'sessionExpiry', 'receiveMaximum']
const booleans: readonly Setting[] = ['useTls', 'cleanStart']

/** Parses the texts of settings. Throws `invalid-configuration` with the name of the setting in its source. */
export function toSettings({ source, names, read }: SettingTexts): ConnectionSettings {
  const settings: Partial<Record<Setting, unknown>> = {}
  for (const [setting, name] of Object.entries(names) as [Setting, string][]) {
    const text = read(name)?.trim()
    if (text === undefined || text === '') continue
    const fault = (rule: string): Error =>
      invalidConfiguration(name, text, `${name} of ${source} is "${text}": it must be ${rule}`)
    if (numbers.includes(setting)) {
      if (!/^\d{1,10}$/.test(text)) throw fault('a whole number')
      settings[setting] = Number(text)
    } else if (booleans.includes(setting)) {
      if (!/^(?:true|false)$/i.test(text)) throw fault('true or false')
      settings[setting] = text.toLowerCase() === 'true'
    } else settings[setting] = text
  }
  return requireSettings(settings as Partial<ConnectionSettings>, names, source)
}

/** Throws `invalid-configuration` if settings are missing or exclude each other; `names` has their names in the source. */
export function requireSettings(
  settings: Partial<ConnectionSettings>,
  names: SettingTexts['names'],
  source: string,
): ConnectionSettings {
  const nameOf = (setting: Setting): string => names[setting] ?? setting
  const missing = (['hostName', 'clientId'] as const).find((setting) => (settings[setting] ?? '') === '')
  if (missing !== undefined)
    throw invalidConfiguration(
      nameOf(missing),
      undefined,
      `${nameOf(missing)} of ${source} is missing: set it`,
    )
  const conflict = (setting: Setting, rule: string): Error =>
    invalidConfiguration(
      nameOf(setting),
      settings[setting],
      `${nameOf(setting)} of ${source} cannot be used: ${rule}`,
    )
  const { satAuthFile, passwordFile, username, certFile, keyFile, keyPasswordFile } = settings
  if (satAuthFile !== undefined && (username ?? passwordFile) !== undefined)
    throw conflict(
      'satAuthFile',
      'a service account token and a username exclude each other; remove one of them',
    )
  if (passwordFile !== undefined && username === undefined)
    throw conflict('passwordFile', `it needs ${nameOf('username')}`)
  if ((certFile === undefined) !== (keyFile === undefined))
    throw conflict(
      certFile === undefined ? 'keyFile' : 'certFile',
      `${nameOf('certFile')} and ${nameOf('keyFile')} are set together`,
    )
  if (keyPasswordFile !== undefined && keyFile === undefined)
    throw conflict('keyPasswordFile', `it needs ${nameOf('keyFile')}`)
  return settings as ConnectionSettings
}

/** Returns the hint for a name that is not known to a source. */
export function unknownSetting(name: string, source: string, known: readonly string[]): Error {
  return invalidConfiguration(
    name,
    undefined,
    `${name} of ${source} is not known: ${nearestNameHint(name, known)}`,
  )
}
