import type { UserProperties } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import type { IClientOptions } from 'mqtt'
import type { Address } from './address.js'
import type { ConnectProperties, Credentials, MqttOptions, Will } from './options.js'

/** What differs from one connection to the next. */
export interface Attempt {
  readonly clientId: string
  readonly credentials: Credentials | undefined
  readonly clean: boolean
}

/** The options of one connection as MQTT.js takes them. */
export type ClientOptions = IClientOptions & { readonly protocolVersion: 4 | 5; readonly clientId: string }

const defaultSessionExpiry = 300

/** Puts together what MQTT.js needs for one connection; the options have to be valid. */
export function toClientOptions(address: Address, options: MqttOptions, attempt: Attempt): ClientOptions {
  const { protocolVersion = 5, keepalive = 60, connectTimeout = 30_000, will, timerVariant } = options
  const { clientId, clean, credentials } = attempt
  const { protocol, host, port, path } = address
  return {
    ...defined({ protocol, host, hostname: host, port, path }),
    ...tlsOptions(options),
    ...socketOptions(address, options),
    protocolId: 'MQTT',
    protocolVersion,
    clientId,
    clean,
    keepalive,
    connectTimeout,
    ...defined({ timerVariant }),
    ...(credentials !== undefined && { username: credentials.username }),
    ...(credentials?.password !== undefined && { password: toMqttBytes(credentials.password) }),
    ...(will !== undefined && { will: toMqttWill(will, protocolVersion) }),
    ...(protocolVersion === 5 && { properties: toMqttProperties(options) }),
  }
}

/** A socket of our own, and where each protocol of MQTT.js takes it; that of plain TCP does not. */
function socketOptions(
  { protocol, host, port }: Address,
  { tunnel, wsOptions }: MqttOptions,
): IClientOptions {
  const socket = tunnel?.({ host, port })
  const given: object =
    socket === undefined ? {} : protocol === 'ws' ? { createConnection: () => socket } : { socket }
  if (protocol === 'mqtt' || protocol === 'mqtts') return given
  return wsOptions === undefined && socket === undefined ? {} : { wsOptions: { ...wsOptions, ...given } }
}

function tlsOptions({ ca, cert, key, passphrase, ...options }: MqttOptions): IClientOptions {
  const { rejectUnauthorized, servername, ALPNProtocols } = options
  // MQTT.js hands them to Node's TLS as they are, whatever its types say.
  const material: object = defined({ ca, cert, key, passphrase, ALPNProtocols })
  return { ...material, ...defined({ rejectUnauthorized, servername }) }
}

function toMqttProperties({
  clean,
  properties = {},
}: MqttOptions): NonNullable<IClientOptions['properties']> {
  const { userProperties, ...rest } = properties
  const said: Omit<ConnectProperties, 'userProperties'> = {
    sessionExpiryInterval: clean === true ? 0 : defaultSessionExpiry,
    // Response topics may have to stand under a prefix of the broker, which tells it only when asked [MQTT-3.1.2-28].
    requestResponseInformation: true,
    ...defined(rest),
  }
  return {
    ...said,
    ...(userProperties !== undefined &&
      userProperties.length > 0 && { userProperties: toGroups(userProperties) }),
  }
}

function toMqttWill(will: Will, protocolVersion: 4 | 5): NonNullable<IClientOptions['will']> {
  const { topic, payload = '', qos = 0, retain = false, userProperties, ...properties } = will
  const written = { topic, payload: payload as string, qos, retain }
  if (protocolVersion === 4) return written
  return {
    ...written,
    properties: {
      ...(defined(properties) as NonNullable<NonNullable<IClientOptions['will']>['properties']>),
      ...(userProperties !== undefined &&
        userProperties.length > 0 && { userProperties: toGroups(userProperties) }),
    },
  }
}

/** Values by name, which is how MQTT.js takes them; it cannot send none of them. */
function toGroups(pairs: UserProperties): Record<string, string[]> {
  const groups = Object.create(null) as Record<string, string[]>
  for (const [name, value] of pairs) (groups[name] ??= []).push(value)
  return groups
}

/** MQTT.js wants a Node buffer or a text; where there are no buffers, bytes that are UTF-8 can go as text. */
function toMqttBytes(value: string | Uint8Array): string | Buffer {
  if (typeof value === 'string') return value
  if (typeof Buffer !== 'undefined') return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw invalidArgument('password is not UTF-8: a browser can send no other')
  }
}

/** The object without what is undefined: MQTT.js distinguishes that from absent. */
function defined<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>
  }
}
