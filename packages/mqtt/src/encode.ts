import type { OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'
import { PacketBytes } from './packet-bytes.js'

/** The fields of a PUBLISH beside its message. */
export interface PublishHeader {
  readonly protocolVersion: 4 | 5
  /** The Packet Identifier; absent at QoS 0. */
  readonly id?: number
  /** Sets DUP: the packet was sent before [MQTT-3.3.1-1]. */
  readonly isDuplicate?: boolean
  /** The remaining seconds of the message's expiry, if it has one. */
  readonly expiry?: number | undefined
}

// Buffers reused by every call, to save allocations.
const body = new PacketBytes(1024)
const properties = new PacketBytes(1024)

/** Appends a PUBLISH packet without its payload, which must follow. The message must be valid. */
export function encodePublish(to: PacketBytes, message: OutgoingMessage, header: PublishHeader): void {
  const { qos = 1, retain = false, topic, payload } = message
  body.clear()
  body.text(topic)
  if (header.id !== undefined) body.twoBytes(header.id)
  if (header.protocolVersion === 5) {
    properties.clear()
    encodeProperties(message, header.expiry)
    body.variable(properties.length)
    body.append(properties)
  }
  to.byte(0x30 | (header.isDuplicate === true ? 0x08 : 0) | (qos << 1) | (retain ? 1 : 0))
  to.variable(body.length + payload.length)
  to.append(body)
}

/** Appends a SUBSCRIBE packet. */
export function encodeSubscribe(
  to: PacketBytes,
  id: number,
  requests: readonly SubscribeRequest[],
  {
    protocolVersion,
    identifier,
  }: { readonly protocolVersion: 4 | 5; readonly identifier?: number | undefined },
): void {
  body.clear()
  body.twoBytes(id)
  if (protocolVersion === 5) {
    properties.clear()
    if (identifier !== undefined) {
      properties.byte(0x0b)
      properties.variable(identifier)
    }
    body.variable(properties.length)
    body.append(properties)
  }
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of requests) {
    const options = (noLocal ? 0x04 : 0) | (retainAsPublished ? 0x08 : 0) | (retainHandling << 4)
    body.text(filter)
    body.byte(protocolVersion === 5 ? qos | options : qos)
  }
  encodeBody(to, 0x82)
}

/** Appends an UNSUBSCRIBE packet. */
export function encodeUnsubscribe(
  to: PacketBytes,
  id: number,
  filters: readonly string[],
  protocolVersion: 4 | 5,
): void {
  body.clear()
  body.twoBytes(id)
  if (protocolVersion === 5) body.variable(0)
  for (const filter of filters) body.text(filter)
  encodeBody(to, 0xa2)
}

/** The first byte of each acknowledgement packet. */
export const acknowledgementType = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const

/** Appends an acknowledgement: in the short form for success, or with a reason code (MQTT 5). */
export function encodeAcknowledgement(
  to: PacketBytes,
  type: keyof typeof acknowledgementType,
  id: number,
  reasonCode = 0,
): void {
  to.byte(acknowledgementType[type])
  to.byte(reasonCode === 0 ? 2 : 3)
  to.twoBytes(id)
  if (reasonCode !== 0) to.byte(reasonCode)
}

function encodeBody(to: PacketBytes, type: number): void {
  to.byte(type)
  to.variable(body.length)
  to.append(body)
}

function encodeProperties(message: OutgoingMessage, expiry: number | undefined): void {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = message
  if (payloadFormatIndicator !== undefined) {
    properties.byte(0x01)
    properties.byte(payloadFormatIndicator ? 1 : 0)
  }
  if (expiry !== undefined) {
    properties.byte(0x02)
    properties.fourBytes(expiry)
  }
  if (contentType !== undefined) {
    properties.byte(0x03)
    properties.text(contentType)
  }
  if (responseTopic !== undefined) {
    properties.byte(0x08)
    properties.text(responseTopic)
  }
  if (correlationData !== undefined) {
    properties.byte(0x09)
    properties.binary(correlationData)
  }
  if (userProperties === undefined) return
  for (const [name, value] of userProperties) {
    properties.byte(0x26)
    properties.text(name)
    properties.text(value)
  }
}
