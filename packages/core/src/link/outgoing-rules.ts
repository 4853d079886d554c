import { describeReason, maxStringSize, maxVariableByteInteger, publishSize } from '@antiphon/packet'
import { invalidArgument } from '../argument.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage, UserProperties } from '../message.js'
import { quoted, validateString } from '../topic/mqtt-string.js'
import { validateTopicName } from '../topic/topic-name.js'
import type { ConnectionInfo } from './link.js'

const maximumExpiry = 4_294_967_295

/** Returns the error of a message that no broker may be sent, naming the value and the rule; `undefined` if it is valid. */
export function outgoingFault(message: OutgoingMessage): AntiphonError | undefined {
  const reason = messageFault(message)
  return reason === undefined ? undefined : invalidArgument(reason, message.topic)
}

/** Returns the error of a valid message that this broker's CONNACK rules out; `undefined` if it may be sent. */
export function connectionFault(message: OutgoingMessage, info: ConnectionInfo): AntiphonError | undefined {
  const { topic, qos = 1 } = message
  if (qos > info.maximumQoS) {
    return refusal(topic, ` with QoS ${qos}: the broker's Maximum QoS is ${info.maximumQoS}`, 0x9b)
  }
  if (message.retain === true && !info.retainAvailable) {
    return refusal(topic, ' with retain', 0x9a)
  }
  if (info.maximumPacketSize === Infinity) return undefined
  const size = publishSize(message, info.protocolVersion)
  if (size <= info.maximumPacketSize) return undefined
  const cause = `the packet takes ${size} bytes, the broker's Maximum Packet Size is ${info.maximumPacketSize}`
  return new AntiphonError('too-large', `cannot publish to ${quoted(topic)}: ${cause}`, {
    topic,
    reasonCode: 0x95,
    phase: 'before-network',
  })
}

function refusal(topic: string, cause: string, reasonCode: number): AntiphonError<'publish-refused'> {
  const message = `cannot publish to ${quoted(topic)}${cause}: ${describeReason(reasonCode)}`
  return new AntiphonError('publish-refused', message, { topic, reasonCode, phase: 'before-network' })
}

function messageFault(message: OutgoingMessage): string | undefined {
  const topicReason = validateTopicName(message.topic)
  if (topicReason !== undefined) return `topic ${quoted(message.topic)} is invalid: ${topicReason}`
  const { payload, qos, retain, payloadFormatIndicator, messageExpiryInterval } = message
  if (!(payload instanceof Uint8Array)) return `payload is ${typeName(payload)}: it must be a Uint8Array`
  if (qos !== undefined && qos !== 0 && qos !== 1 && qos !== 2) {
    return `qos is ${String(qos)}: it must be 0, 1 or 2 [MQTT-3.3.1-4]`
  }
  if (!isOptionalBoolean(retain)) return `retain is ${String(retain)}: it must be true or false`
  if (!isOptionalBoolean(payloadFormatIndicator)) {
    return `payloadFormatIndicator is ${String(payloadFormatIndicator)}: it must be true or false`
  }
  if (messageExpiryInterval !== undefined && !isExpiry(messageExpiryInterval)) {
    const range = `from 1 to ${maximumExpiry}`
    return `messageExpiryInterval is ${String(messageExpiryInterval)}: it must be a whole number of seconds ${range}`
  }
  return propertiesFault(message) ?? sizeFault(message)
}

function propertiesFault(message: OutgoingMessage): string | undefined {
  const { responseTopic, correlationData, contentType, userProperties } = message
  if (responseTopic !== undefined) {
    const reason = validateTopicName(responseTopic)
    // [MQTT-3.3.2-14]
    if (reason !== undefined) return `responseTopic ${quoted(responseTopic)} is invalid: ${reason}`
  }
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) {
      return `correlationData is ${typeName(correlationData)}: it must be a Uint8Array`
    }
    if (correlationData.length > maxStringSize) {
      return `correlationData takes ${correlationData.length} bytes: at most ${maxStringSize} are allowed`
    }
  }
  if (contentType !== undefined) {
    const reason = validateString(contentType)
    if (reason !== undefined) return `contentType ${quoted(contentType)} is invalid: ${reason}`
  }
  return userProperties === undefined ? undefined : userPropertiesFault(userProperties)
}

function userPropertiesFault(properties: UserProperties): string | undefined {
  if (!Array.isArray(properties)) {
    return `userProperties is ${typeName(properties)}: it must be an array of [name, value] pairs`
  }
  for (let index = 0; index < properties.length; index += 1) {
    const pair: unknown = properties[index]
    if (!Array.isArray(pair) || pair.length !== 2) {
      return `userProperties[${index}] is ${typeName(pair)}: it must be a pair of [name, value]`
    }
    for (const text of pair as readonly string[]) {
      const reason = validateString(text)
      if (reason !== undefined) return `userProperties[${index}] ${quoted(text)} is invalid: ${reason}`
    }
  }
  return undefined
}

function sizeFault(message: OutgoingMessage): string | undefined {
  // Measure only messages with a large payload or many properties; others cannot reach the limit.
  const isSmall = message.payload.length < 2 ** 20 && (message.userProperties?.length ?? 0) < 64
  if (isSmall || publishSize(message, 5) <= maxVariableByteInteger + 5) return undefined
  return `the packet takes ${publishSize(message, 5)} bytes: MQTT allows ${maxVariableByteInteger}`
}

function isOptionalBoolean(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}

function isExpiry(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maximumExpiry
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : `of type ${typeof value}`
}
