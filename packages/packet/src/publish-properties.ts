import type { ByteWriter } from './byte-writer.js'
import { Cursor, viewOf } from './cursor.js'
import { malformed } from './packet-error.js'
import { Property, PropertyContext, PropertyReader } from './property-reader.js'
import { StringInterner } from './string-interner.js'
import { utf8Size } from './utf8.js'

/** The properties of a message that a client publishes. */
export interface PublishProperties {
  readonly payloadFormatIndicator?: boolean
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
}

/** The properties of a received message. */
export interface ReceivedProperties extends PublishProperties {
  readonly subscriptionIdentifiers?: readonly number[]
}

/** An object while it is built. */
export type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The strings of all received packets; topics and content types are the same on many connections. */
export const interner: StringInterner = new StringInterner()

/** Decodes properties without a Property Length, which were checked before, as those of a Will or a stored message. */
export function decodePublishProperties(bytes: Uint8Array): PublishProperties {
  const properties: Mutable<PublishProperties> = {}
  const reader = new PropertyReader()
  reader.openUntil(new Cursor().open(bytes), PropertyContext.publishToServer, bytes.length)
  while (reader.next()) decodeProperty(reader, bytes, properties)
  return properties
}

/** Decodes the property that `reader` has read into a message; a string that is not UTF-8 sets the reader's `fault`. */
export function decodeProperty(
  reader: PropertyReader,
  bytes: Uint8Array,
  into: Mutable<ReceivedProperties>,
): void {
  const { start, end } = reader
  switch (reader.id) {
    case Property.payloadFormatIndicator:
      into.payloadFormatIndicator = reader.value === 1
      break
    case Property.messageExpiryInterval:
      into.messageExpiryInterval = reader.value
      break
    case Property.contentType:
      into.contentType = text(reader, bytes, start, end)
      break
    case Property.responseTopic:
      into.responseTopic = text(reader, bytes, start, end)
      break
    case Property.correlationData:
      into.correlationData = viewOf(bytes, start, end)
      break
    case Property.subscriptionIdentifier:
      ;((into.subscriptionIdentifiers ??= []) as number[]).push(reader.value)
      break
    case Property.userProperty: {
      const name = text(reader, bytes, reader.nameStart, reader.nameEnd)
      ;((into.userProperties ??= []) as [string, string][]).push([name, text(reader, bytes, start, end)])
    }
  }
}

/** Writes the properties of a message, without a Property Length, the Message Expiry Interval as `expiry`. */
export function writePublishProperties(
  to: ByteWriter,
  properties: PublishProperties,
  expiry: number | undefined = properties.messageExpiryInterval,
): void {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties
  if (payloadFormatIndicator !== undefined) {
    to.byte(Property.payloadFormatIndicator)
    to.byte(payloadFormatIndicator ? 1 : 0)
  }
  if (expiry !== undefined) {
    to.byte(Property.messageExpiryInterval)
    to.fourBytes(expiry)
  }
  if (contentType !== undefined) {
    to.byte(Property.contentType)
    to.text(contentType)
  }
  if (responseTopic !== undefined) {
    to.byte(Property.responseTopic)
    to.text(responseTopic)
  }
  if (correlationData !== undefined) {
    to.byte(Property.correlationData)
    to.binary(correlationData)
  }
  if (userProperties === undefined) return
  for (const [name, value] of userProperties) {
    to.byte(Property.userProperty)
    to.text(name)
    to.text(value)
  }
}

/** Returns the offset of the value of the Message Expiry Interval in what `writePublishProperties` writes; -1 if absent. */
export function expiryOffsetOf({ payloadFormatIndicator, messageExpiryInterval }: PublishProperties): number {
  if (messageExpiryInterval === undefined) return -1
  return payloadFormatIndicator === undefined ? 1 : 3
}

/** Returns the size of what `writePublishProperties` writes. */
export function publishPropertiesSize(properties: PublishProperties): number {
  const { responseTopic, correlationData, contentType, userProperties } = properties
  let size = 0
  if (properties.payloadFormatIndicator !== undefined) size += 2
  if (properties.messageExpiryInterval !== undefined) size += 5
  if (responseTopic !== undefined) size += 3 + utf8Size(responseTopic)
  if (correlationData !== undefined) size += 3 + correlationData.length
  if (contentType !== undefined) size += 3 + utf8Size(contentType)
  for (const [name, value] of userProperties ?? []) size += 5 + utf8Size(name) + utf8Size(value)
  return size
}

function text(reader: PropertyReader, bytes: Uint8Array, start: number, end: number): string {
  const decoded = interner.read(bytes, start, end)
  if (decoded === undefined)
    reader.fault ??= malformed(
      `its ${reader.name} is not UTF-8 or contains U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]`,
    )
  return decoded ?? ''
}
