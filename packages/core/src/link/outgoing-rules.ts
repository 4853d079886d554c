import { invalidArgument } from '../argument.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage, UserProperties } from '../message.js'
import { maximumStringBytes, quoted, validateString } from '../topic/mqtt-string.js'
import { validateTopicName } from '../topic/topic-name.js'
import type { ConnectionInfo } from './link.js'
import { maximumRemainingLength, publishSize } from './publish-size.js'
import { describeReason } from './reason-codes.js'

const maximumExpiry = 4_294_967_295

/** What no broker may be sent: the error that names the value and the rule, or `undefined` when the message is fit. */
export function outgoingFault(message: OutgoingMessage): AntiphonError | undefined {
  const reason = unfitReason(message)
  return reason === undefined ? undefined : invalidArgument(reason, message.topic)
}

/** What this broker said at connect that it would not take; `undefined` when it takes the message. */
export function connectionFault(message: OutgoingMessage, info: ConnectionInfo): AntiphonError | undefined {
  const { topic, qos = 1 } = message
  if (qos > info.maximumQoS) {
    return refusal(topic, `QoS ${qos}, and ${info.maximumQoS} is the most it takes`, 0x9b)
  }
  if (message.retain === true && !info.retainAvailable) {
    return refusal(topic, 'it is to be retained', 0x9a)
  }
  if (info.maximumPacketSize === Infinity) return undefined
  const size = publishSize(message, info.protocolVersion)
  if (size <= info.maximumPacketSize) return undefined
  const why = `the message to ${quoted(topic)} makes a packet of ${size} bytes`
  return new AntiphonError(
    'too-large',
    `${why}, and ${info.maximumPacketSize} is the most the broker takes`,
    {
      topic,
      reasonCode: 0x95,
      phase: 'before-network',
    },
  )
}

function refusal(topic: string, why: string, reasonCode: number): AntiphonError<'publish-refused'> {
  const message = `the broker would refuse the message to ${quoted(topic)}: ${why}: ${describeReason(reasonCode)}`
  return new AntiphonError('publish-refused', message, { topic, reasonCode, phase: 'before-network' })
}

function unfitReason(message: OutgoingMessage): string | undefined {
  const topicReason = validateTopicName(message.topic)
  if (topicReason !== undefined) return `topic ${quoted(message.topic)} is refused: ${topicReason}`
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
  return unfitProperties(message) ?? unfitSize(message)
}

function unfitProperties(message: OutgoingMessage): string | undefined {
  const { responseTopic, correlationData, contentType, userProperties } = message
  if (responseTopic !== undefined) {
    const reason = validateTopicName(responseTopic)
    // [MQTT-3.3.2-14]
    if (reason !== undefined) return `responseTopic ${quoted(responseTopic)} is refused: ${reason}`
  }
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) {
      return `correlationData is ${typeName(correlationData)}: it must be a Uint8Array`
    }
    if (correlationData.length > maximumStringBytes) {
      return `correlationData takes ${correlationData.length} bytes: ${maximumStringBytes} is the most`
    }
  }
  if (contentType !== undefined) {
    const reason = validateString(contentType)
    if (reason !== undefined) return `contentType ${quoted(contentType)} is refused: ${reason}`
  }
  return userProperties === undefined ? undefined : unfitUserProperties(userProperties)
}

function unfitUserProperties(properties: UserProperties): string | undefined {
  if (!Array.isArray(properties)) {
    return `userProperties is ${typeName(properties)}: it must be an array of [name, value] pairs`
  }
  for (let place = 0; place < properties.length; place += 1) {
    const pair: unknown = properties[place]
    if (!Array.isArray(pair) || pair.length !== 2) {
      return `userProperties[${place}] is ${typeName(pair)}: it must be a pair of [name, value]`
    }
    for (const text of pair as readonly string[]) {
      const reason = validateString(text)
      if (reason !== undefined) return `userProperties[${place}] ${quoted(text)} is refused: ${reason}`
    }
  }
  return undefined
}

function unfitSize(message: OutgoingMessage): string | undefined {
  // Strings alone are far from it, so that only a large payload or very many properties are worth measuring.
  const isFarBelow = message.payload.length < 2 ** 20 && (message.userProperties?.length ?? 0) < 64
  if (isFarBelow || publishSize(message, 5) <= maximumRemainingLength + 5) return undefined
  return `the packet would take ${publishSize(message, 5)} bytes: MQTT has room for ${maximumRemainingLength}`
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
