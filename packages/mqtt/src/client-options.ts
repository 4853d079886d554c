import type { UserProperties } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import type { IClientOptions } from 'mqtt'
import type { ConnectProperties, Credentials, MqttOptions, Will } from './options.js'

/** The values that may differ from one connection to the next. */
export interface ConnectionAttempt {
  readonly clientId: string
  readonly credentials: Credentials | undefined
  readonly clean: boolean
  /** The Authentication Data of CONNECT. */
  readonly authenticationData: Uint8Array | undefined
}

/** The MQTT.js options of one connection. */
export type ClientOptions = IClientOptions & { readonly protocolVersion: 4 | 5; readonly clientId: string }

const defaultSessionExpiryInterval = 300

/** Builds the MQTT.js options for one connection; `options` must be valid. */
export function toClientOptions(options: MqttOptions, attempt: ConnectionAttempt): ClientOptions {
  const { protocolVersion = 5, keepalive = 60, connectTimeout = 30_000, will, timerVariant } = options
  const { clientId, clean, credentials } = attempt
  return {
    protocolId: 'MQTT',
    protocolVersion,
    clientId,
    clean,
    keepalive,
    connectTimeout,
    ...withoutUndefined({ timerVariant }),
    ...(credentials !== undefined && { username: credentials.username }),
    ...(credentials?.password !== undefined && { password: toMqttBytes(credentials.password, 'password') }),
    ...(will !== undefined && { will: toMqttWill(will, protocolVersion) }),
    ...(protocolVersion === 5 && { properties: toMqttProperties(options, attempt) }),
  }
}

function toMqttProperties(
  { clean, authentication, properties = {} }: MqttOptions,
  { authenticationData }: ConnectionAttempt,
): NonNullable<IClientOptions['properties']> {
  const { userProperties, ...rest } = properties
  const explicitProperties: Omit<ConnectProperties, 'userProperties'> = {
    sessionExpiryInterval: clean === true ? 0 : defaultSessionExpiryInterval,
    // A broker may require a prefix for response topics, and sends it only on request [MQTT-3.1.2-28].
    requestResponseInformation: true,
    ...withoutUndefined(rest),
  }
  return {
    ...explicitProperties,
    ...(authentication !== undefined && { authenticationMethod: authentication.method }),
    // MQTT.js sends a string as its UTF-8 bytes.
    ...(authenticationData !== undefined && {
      authenticationData: toMqttBytes(authenticationData, 'the Authentication Data') as Buffer,
    }),
    ...(userProperties !== undefined &&
      userProperties.length > 0 && { userProperties: groupByName(userProperties) }),
  }
}

function toMqttWill(will: Will, protocolVersion: 4 | 5): NonNullable<IClientOptions['will']> {
  const { topic, payload = '', qos = 0, retain = false, userProperties, ...properties } = will
  const willMessage = { topic, payload: payload as string, qos, retain }
  if (protocolVersion === 4) return willMessage
  return {
    ...willMessage,
    properties: {
      ...(withoutUndefined(properties) as NonNullable<NonNullable<IClientOptions['will']>['properties']>),
      ...(userProperties !== undefined &&
        userProperties.length > 0 && { userProperties: groupByName(userProperties) }),
    },
  }
}

/** Groups user properties by name, the form MQTT.js expects. An empty object would make it send an invalid packet. */
function groupByName(pairs: UserProperties): Record<string, string[]> {
  const groups = Object.create(null) as Record<string, string[]>
  for (const [name, value] of pairs) (groups[name] ??= []).push(value)
  return groups
}

/** Converts bytes for MQTT.js, which accepts a `Buffer` or a string; without `Buffer`, only UTF-8 can be sent. */
function toMqttBytes(value: string | Uint8Array, name: string): string | Buffer {
  if (typeof value === 'string') return value
  if (typeof Buffer !== 'undefined') return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw invalidArgument(`${name} is not UTF-8: in a browser, it must be valid UTF-8`)
  }
}

/** Removes properties that are `undefined`, which MQTT.js distinguishes from absent ones. */
function withoutUndefined<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>
  }
}
