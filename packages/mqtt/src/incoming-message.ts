import type { Message, UserProperties } from '@antiphon/core'
import type { IPublishPacket } from 'mqtt'

/** A PUBLISH as it came out of the parser: every property may have come twice, or not whole. */
type ParsedProperties = { readonly [Name in keyof NonNullable<IPublishPacket['properties']>]: unknown }

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The message a PUBLISH carries, or the text that says which rule it broke. */
export function toMessage(packet: IPublishPacket, topic: string): Message | string {
  const fault = topicFault(topic)
  if (fault !== undefined) return `topic ${JSON.stringify(topic.slice(0, 80))} ${fault}`
  const message: Mutable<Message> = {
    topic,
    payload: toPlainBytes(packet.payload),
    qos: packet.qos,
    retain: packet.retain,
    dup: packet.dup,
  }
  return packet.properties === undefined ? message : (addProperties(message, packet.properties) ?? message)
}

function topicFault(topic: string): string | undefined {
  if (topic === '') return 'is empty [MQTT-4.7.3-1]'
  if (topic.includes('\0')) return 'holds U+0000 [MQTT-4.7.3-2]'
  return topic.includes('+') || topic.includes('#') ? 'holds a wildcard [MQTT-3.3.2-2]' : undefined
}

/** Copies the properties over, unless one is unfit: then the text that names it. */
function addProperties(message: Mutable<Message>, properties: ParsedProperties): string | undefined {
  const { responseTopic, correlationData, contentType, payloadFormatIndicator, messageExpiryInterval } =
    properties
  if (responseTopic !== undefined) {
    if (!isText(responseTopic)) return unfit('Response Topic')
    message.responseTopic = responseTopic
  }
  if (correlationData !== undefined) {
    if (!(correlationData instanceof Uint8Array)) return unfit('Correlation Data')
    message.correlationData = toPlainBytes(correlationData)
  }
  if (contentType !== undefined) {
    if (!isText(contentType)) return unfit('Content Type')
    message.contentType = contentType
  }
  if (payloadFormatIndicator !== undefined) {
    if (typeof payloadFormatIndicator !== 'boolean') return unfit('Payload Format Indicator')
    message.payloadFormatIndicator = payloadFormatIndicator
  }
  if (messageExpiryInterval !== undefined) {
    if (!isNatural(messageExpiryInterval)) return unfit('Message Expiry Interval')
    message.messageExpiryInterval = messageExpiryInterval
  }
  return addLists(message, properties)
}

/** The two properties that may come more than once. */
function addLists(message: Mutable<Message>, properties: ParsedProperties): string | undefined {
  const { userProperties, subscriptionIdentifier } = properties
  if (userProperties !== undefined) {
    const pairs = toPairs(userProperties as Readonly<Record<string, unknown>>)
    if (pairs === undefined) return unfit('User Property')
    message.userProperties = pairs
  }
  if (subscriptionIdentifier === undefined) return undefined
  if (isNatural(subscriptionIdentifier)) message.subscriptionIdentifiers = [subscriptionIdentifier]
  else if (Array.isArray(subscriptionIdentifier) && subscriptionIdentifier.every(isNatural)) {
    message.subscriptionIdentifiers = subscriptionIdentifier
  } else return unfit('Subscription Identifier')
  return undefined
}

/** The parser groups by name: repeats and their order are kept, the order across names is not. */
function toPairs(grouped: Readonly<Record<string, unknown>>): UserProperties | undefined {
  const pairs: [string, string][] = []
  for (const name in grouped) {
    const value = grouped[name]
    if (isText(value)) pairs.push([name, value])
    else if (Array.isArray(value) && value.every(isText)) for (const each of value) pairs.push([name, each])
    else return undefined
  }
  return pairs
}

/** The same bytes without what Node adds to them. */
function toPlainBytes(bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') return new TextEncoder().encode(bytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function isNatural(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function unfit(property: string): string {
  return `${property} came twice, broken off, or with U+0000`
}
