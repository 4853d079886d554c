import { validateTopicName } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { ProtocolVersion } from './codec.js'
import type { Cursor } from './cursor.js'
import { Place, noProperties, walkProperties } from './properties.js'
import { Publication, expiryTime, noPropertyBytes } from './publication.js'
import { Reason } from './reason.js'
import { malformed, protocolError, violation } from './violation.js'

/** A PUBLISH as it was read; the one object is used again for the next packet. */
export interface PublishHead {
  qos: QoS
  dup: boolean
  retain: boolean
  /** 0 at QoS 0. */
  packetId: number
  /** Empty where an alias stands for it. */
  topic: string
  /** 0 for none. */
  alias: number
  isTextPayload: boolean
}

const section = noProperties()
const head: PublishHead = {
  qos: 0,
  dup: false,
  retain: false,
  packetId: 0,
  topic: '',
  alias: 0,
  isTextPayload: false,
}
let payloadAt = 0

/** Reads all of a PUBLISH but its payload; `toPublication` takes the rest before the next packet is read. */
export function readPublish(header: number, cursor: Cursor, version: ProtocolVersion): PublishHead {
  const qos = (header >> 1) & 3
  if (qos === 3) throw malformed('both QoS bits are set [MQTT-3.3.1-4]')
  head.qos = qos as QoS
  head.dup = (header & 8) !== 0
  head.retain = (header & 1) !== 0
  if (qos === 0 && head.dup) throw malformed('DUP is set at QoS 0 [MQTT-3.3.1-2]')
  head.topic = readTopic(cursor)
  head.packetId = qos === 0 ? 0 : cursor.word()
  if (qos > 0 && head.packetId === 0) throw protocolError('the packet identifier is 0 [MQTT-2.2.1-3]')
  if (version === 5) {
    walkProperties(cursor, Place.publish, section)
    head.alias = section.aliasAt < 0 ? 0 : section.alias
    head.isTextPayload = section.isTextPayload
  } else {
    section.start = section.end = cursor.at
    section.aliasAt = section.expiryAt = -1
    head.alias = 0
    head.isTextPayload = false
  }
  payloadAt = cursor.at
  return head
}

/** Makes a publication of the PUBLISH that was just read; what is kept for long gets bytes of its own. */
export function toPublication(cursor: Cursor, topic: string, publisher: string, now: number): Publication {
  const { bytes, end } = cursor
  const { start, aliasAt, expiryAt } = section
  let properties = noPropertyBytes
  // Above QoS 0 a message may be kept: a slice would keep the socket's whole chunk with it.
  const body =
    head.qos > 0 || head.retain ? Buffer.from(bytes.subarray(start, end)) : bytes.subarray(start, end)
  const payload = body.subarray(payloadAt - start)
  if (payloadAt > start) {
    properties = body.subarray(0, payloadAt - start)
    if (aliasAt >= 0) properties = without(properties, aliasAt - start, 3)
  }
  const isShifted = aliasAt >= 0 && aliasAt < expiryAt
  return new Publication({
    topic,
    payload,
    qos: head.qos,
    retain: head.retain,
    properties,
    expiryAt: expiryAt < 0 ? -1 : expiryAt - start - (isShifted ? 3 : 0),
    expiresAt: expiryAt < 0 ? Infinity : expiryTime(section.expiry, now),
    publisher,
  })
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])
}

/** Reads a topic name: UTF-8, without wildcards [MQTT-3.3.2-1/2]; almost always plain ASCII, which one loop can tell. */
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
  if (fault !== undefined) throw violation(Reason.topicNameInvalid, `the topic name is refused: ${fault}`)
  return topic
}
