import { validateTopicName } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { ProtocolVersion } from './codec.js'
import type { Cursor } from './cursor.js'
import { PropertyContext, noProperties, walkProperties } from './properties.js'
import { Publication, expiryTime, noPropertyBytes } from './publication.js'
import { Reason } from './reason.js'
import { malformed, protocolError, violation } from './violation.js'

/** A decoded PUBLISH without its payload. The object is reused for the next packet. */
export interface PublishHead {
  qos: QoS
  dup: boolean
  retain: boolean
  /** The Packet Identifier; 0 at QoS 0. */
  packetId: number
  /** The Topic Name; empty if the PUBLISH has a Topic Alias only. */
  topic: string
  /** The Topic Alias; 0 if absent. */
  alias: number
  payloadFormatIndicator: boolean
}

const section = noProperties()
const head: PublishHead = {
  qos: 0,
  dup: false,
  retain: false,
  packetId: 0,
  topic: '',
  alias: 0,
  payloadFormatIndicator: false,
}
let payloadAt = 0

/** Decodes a PUBLISH except its payload. Call `toPublication` for the payload before you read the next packet. */
export function readPublish(header: number, cursor: Cursor, version: ProtocolVersion): PublishHead {
  const qos = (header >> 1) & 3
  if (qos === 3) throw malformed('both QoS bits are set [MQTT-3.3.1-4]')
  head.qos = qos as QoS
  head.dup = (header & 8) !== 0
  head.retain = (header & 1) !== 0
  if (qos === 0 && head.dup) throw malformed('DUP is set at QoS 0 [MQTT-3.3.1-2]')
  head.topic = readTopic(cursor)
  head.packetId = qos === 0 ? 0 : cursor.word()
  if (qos > 0 && head.packetId === 0) throw protocolError('the Packet Identifier is 0 [MQTT-2.2.1-3]')
  if (version === 5) {
    walkProperties(cursor, PropertyContext.publish, section)
    head.alias = section.aliasOffset < 0 ? 0 : section.alias
    head.payloadFormatIndicator = section.payloadFormatIndicator
  } else {
    section.start = section.end = cursor.at
    section.aliasOffset = section.expiryOffset = -1
    head.alias = 0
    head.payloadFormatIndicator = false
  }
  payloadAt = cursor.at
  return head
}

/** Returns the publication of the PUBLISH that `readPublish` has read; copies its bytes if it may be kept. */
export function toPublication(cursor: Cursor, topic: string, publisherId: string, now: number): Publication {
  const { bytes, end } = cursor
  const { start, aliasOffset, expiryOffset } = section
  let properties = noPropertyBytes
  // A message that may be queued or retained is copied: a slice would keep the socket's whole chunk in memory.
  const body =
    head.qos > 0 || head.retain ? Buffer.from(bytes.subarray(start, end)) : bytes.subarray(start, end)
  const payload = body.subarray(payloadAt - start)
  if (payloadAt > start) {
    properties = body.subarray(0, payloadAt - start)
    if (aliasOffset >= 0) properties = without(properties, aliasOffset - start, 3)
  }
  const isShifted = aliasOffset >= 0 && aliasOffset < expiryOffset
  return new Publication({
    topic,
    payload,
    qos: head.qos,
    retain: head.retain,
    properties,
    expiryOffset: expiryOffset < 0 ? -1 : expiryOffset - start - (isShifted ? 3 : 0),
    expiresAt: expiryOffset < 0 ? Infinity : expiryTime(section.messageExpiryInterval, now),
    publisherId,
  })
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])
}

/** Decodes a Topic Name: UTF-8 without wildcards [MQTT-3.3.2-1/2]. Printable ASCII, the usual case, is fast. */
function readTopic(cursor: Cursor): string {
  const { bytes, at } = cursor
  const length = cursor.word()
  const start = at + 2
  cursor.skip(length)
  const end = start + length
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number
    if (byte < 0x20 || byte > 0x7e || byte === 0x23 || byte === 0x2b) {
      cursor.at = at
      return readUnusualTopic(cursor)
    }
  }
  return bytes.toString('latin1', start, end)
}

function readUnusualTopic(cursor: Cursor): string {
  const start = cursor.at + 2
  cursor.text()
  const topic = cursor.bytes.toString('utf8', start, cursor.at)
  const fault = validateTopicName(topic)
  if (fault !== undefined) throw violation(Reason.topicNameInvalid, `invalid Topic Name: ${fault}`)
  return topic
}
