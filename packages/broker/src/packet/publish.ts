import { validateTopicName } from '@antiphon/core/topic'
import {
  type Cursor,
  type ProtocolVersion,
  checkText,
  malformed,
  PacketError,
  PropertyContext,
  PropertySection,
  PublishHead,
  readPropertySection,
  readPublishHead,
  Reason,
} from '@antiphon/packet'
import { Publication, expiryTime, noPropertyBytes } from './publication.js'

/** A decoded PUBLISH without its payload. The object is reused for the next packet. */
export class InboundPublish extends PublishHead {
  /** The Topic Name; empty if the PUBLISH has a Topic Alias only. */
  topic = ''
  readonly properties: PropertySection = new PropertySection()
  payloadStart = 0
}

const inbound = new InboundPublish()

/** Decodes a PUBLISH except its payload. Call `toPublication` for the payload before you read the next packet. */
export function readPublish(
  firstByte: number,
  cursor: Cursor,
  version: ProtocolVersion,
): Readonly<InboundPublish> {
  readPublishHead(firstByte, cursor, inbound)
  const { qos, dup, topicStart, topicEnd, properties } = inbound
  if (qos === 0 && dup) throw malformed('DUP is set at QoS 0 [MQTT-3.3.1-2]')
  inbound.topic = decodeTopic(cursor.bytes as Buffer, topicStart, topicEnd)
  if (version === 5) readPropertySection(cursor, PropertyContext.publishToServer, properties)
  else properties.clear(cursor.at)
  inbound.payloadStart = cursor.at
  return inbound
}

/** Returns the publication of the PUBLISH that `readPublish` has read; copies its bytes if it may be kept. */
export function toPublication(cursor: Cursor, topic: string, publisherId: string, now: number): Publication {
  const { bytes, end } = cursor
  const { qos, retain, payloadStart } = inbound
  const { start, aliasOffset, expiryOffset, messageExpiryInterval } = inbound.properties
  let properties = noPropertyBytes
  // A message that may be queued or retained is copied: a slice would keep the socket's whole chunk in memory.
  const body = qos > 0 || retain ? Buffer.from(bytes.subarray(start, end)) : bytes.subarray(start, end)
  const payload = body.subarray(payloadStart - start)
  if (payloadStart > start) {
    properties = body.subarray(0, payloadStart - start)
    if (aliasOffset >= 0) properties = without(properties, aliasOffset - start, 3)
  }
  return new Publication({
    topic,
    payload,
    qos,
    retain,
    properties,
    expiryOffset: inbound.properties.expiryOffsetWithout(aliasOffset, 3),
    expiresAt: expiryOffset < 0 ? Infinity : expiryTime(messageExpiryInterval, now),
    publisherId,
  })
}

/** Returns a copy of `bytes` without `count` bytes at `at`. */
export function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])
}

/** Decodes a Topic Name: UTF-8 without wildcards [MQTT-3.3.2-1/2]. Printable ASCII, the usual case, is fast. */
function decodeTopic(bytes: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    if (byte < 0x20 || byte > 0x7e || byte === 0x23 || byte === 0x2b)
      return decodeUnusualTopic(bytes, start, end)
  }
  return bytes.toString('latin1', start, end)
}

function decodeUnusualTopic(bytes: Buffer, start: number, end: number): string {
  checkText(bytes, start, end)
  const topic = bytes.toString('utf8', start, end)
  const fault = validateTopicName(topic)
  if (fault !== undefined) throw new PacketError(Reason.topicNameInvalid, `invalid Topic Name: ${fault}`)
  return topic
}
