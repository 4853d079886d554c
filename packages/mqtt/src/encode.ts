import type { OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'
import { PacketBytes } from './packet-bytes.js'

/** What a PUBLISH says beside its message. */
export interface PublishFrame {
  readonly protocolVersion: 4 | 5
  /** The packet identifier; none at QoS 0. */
  readonly id?: number
  /** It was sent before [MQTT-3.3.1-1]. */
  readonly isAgain?: boolean
  /** What is left of the message's expiry, where it has one. */
  readonly expiry?: number | undefined
}

// Packets are put together here; nothing of them outlives the call.
const body = new PacketBytes(1024)
const properties = new PacketBytes(1024)

/** Appends a PUBLISH packet up to its payload, which has to follow. The message has to be valid. */
export function encodePublish(to: PacketBytes, message: OutgoingMessage, frame: PublishFrame): void {
  const { qos = 1, retain = false, topic, payload } = message
  body.clear()
  body.text(topic)
  if (frame.id !== undefined) body.twoBytes(frame.id)
  if (frame.protocolVersion === 5) {
    properties.clear()
    encodeProperties(message, frame.expiry)
    body.variable(properties.length)
    body.append(properties)
  }
  to.byte(0x30 | (frame.isAgain === true ? 0x08 : 0) | (qos << 1) | (retain ? 1 : 0))
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

/** The acknowledgements and the byte each begins with. */
export const acknowledgementType = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const

/** Appends an acknowledgement: its short form, which says success, or with a reason (MQTT 5). */
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
