import type { UserProperties } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import type { ConnectPacket, WillMessage } from '@antiphon/packet'
import type { IClientOptions } from 'mqtt'
import type { MqttOptions } from './options.js'
import { unref } from './handle.js'

/** Builds the MQTT.js options for one connection. */
export function toClientOptions(
  packet: ConnectPacket,
  protocolVersion: 4 | 5,
  options: MqttOptions,
): IClientOptions {
  const { connectTimeout = 30_000, timerVariant = options.unref === true ? unrefTimer : undefined } = options
  const { clientId, cleanStart, keepAlive, username, password, will } = packet
  return {
    protocolId: 'MQTT',
    protocolVersion,
    clientId,
    clean: cleanStart,
    keepalive: keepAlive,
    connectTimeout,
    ...(timerVariant !== undefined && { timerVariant }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: toMqttBytes(password, 'password') }),
    ...(will !== undefined && { will: toMqttWill(will, protocolVersion) }),
    ...(protocolVersion === 5 && { properties: toMqttProperties(packet.properties) }),
  }
}

/** A timer of the keepalive that does not keep the process alive. MQTT.js passes the id back. */
const unrefTimer: Extract<IClientOptions['timerVariant'], object> = {
  set: (callback, delay) => {
    const timer = setInterval(callback, delay)
    unref(timer)
    return timer
  },
  clear: (timer) => clearInterval(timer),
}

function toMqttProperties({
  authenticationData,
  ...properties
}: ConnectPacket['properties']): NonNullable<IClientOptions['properties']> {
  return {
    ...withGroupedPairs(properties),
    // MQTT.js sends a string as its UTF-8 bytes.
    ...(authenticationData !== undefined && {
      authenticationData: toMqttBytes(authenticationData, 'the Authentication Data') as Buffer,
    }),
  }
}

function toMqttWill(will: WillMessage, protocolVersion: 4 | 5): NonNullable<IClientOptions['will']> {
  const { topic, payload, qos, retain, ...properties } = will
  const willMessage = { topic, payload: payload as Buffer, qos, retain }
  if (protocolVersion === 4) return willMessage
  const { correlationData, ...others } = properties
  return {
    ...willMessage,
    properties: {
      ...withGroupedPairs(others),
      ...(correlationData !== undefined && { correlationData: correlationData as Buffer }),
    },
  }
}

/** Replaces user properties by groups. An empty object would make MQTT.js send an invalid packet. */
function withGroupedPairs<T extends { readonly userProperties?: UserProperties }>(
  properties: T,
): Omit<T, 'userProperties'> & { readonly userProperties?: Record<string, string[]> } {
  const { userProperties = [], ...others } = properties
  return { ...others, ...(userProperties.length > 0 && { userProperties: groupByName(userProperties) }) }
}

/** Groups user properties by name, the form MQTT.js expects. */
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
