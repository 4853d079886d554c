import type { ConnectPacket, ConnectProperties, WillMessage } from '@antiphon/packet'
import type { BegunAuthentication } from './authentication.js'
import type { Credentials, SessionOptions, Will } from './options.js'

/** The values that may differ from one connection to the next. */
export interface ConnectionAttempt {
  readonly clientId: string
  readonly credentials: Credentials | undefined
  readonly clean: boolean
  readonly protocolVersion: 4 | 5
  readonly authentication: BegunAuthentication | undefined
}

const defaultSessionExpiryInterval = 300
const encoder = new TextEncoder()

/** Builds the CONNECT of one connection; `options` must be valid. */
export function toConnectPacket(options: SessionOptions, attempt: ConnectionAttempt): ConnectPacket {
  const { keepalive = 60, will } = options
  const { clientId, clean, protocolVersion, credentials, authentication } = attempt
  return {
    clientId,
    cleanStart: clean,
    keepAlive: keepalive,
    ...(credentials !== undefined && { username: credentials.username }),
    ...(credentials?.password !== undefined && { password: credentials.password }),
    ...(will !== undefined && { will: toWillMessage(will) }),
    properties: protocolVersion === 5 ? toProperties(options, authentication) : {},
  }
}

function toProperties(
  { clean, properties = {} }: SessionOptions,
  authentication: BegunAuthentication | undefined,
): ConnectProperties {
  return {
    sessionExpiryInterval: clean === true ? 0 : defaultSessionExpiryInterval,
    // A broker may require a prefix for response topics, and sends it only on request [MQTT-3.1.2-28].
    requestResponseInformation: true,
    ...withoutUndefined(properties),
    ...withoutUndefined({
      authenticationMethod: authentication?.method,
      authenticationData: authentication?.exchange.data,
    }),
  }
}

function toWillMessage(will: Will): WillMessage {
  const { topic, payload = '', qos = 0, retain = false, ...properties } = will
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload
  return { topic, payload: bytes, qos, retain, ...withoutUndefined(properties) }
}

/** Removes properties that are `undefined`, which a packet distinguishes from absent ones. */
function withoutUndefined<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>
  }
}
