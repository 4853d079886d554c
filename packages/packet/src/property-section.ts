import type { Cursor } from './cursor.js'
import { protocolError } from './packet-error.js'
import { Property, PropertyReader } from './property-reader.js'

/** The properties of a packet as they are in its bytes: their bounds, and those that a server acts upon. */
export class PropertySection {
  /** The offset after the Property Length, and that of the end of the properties. */
  start = 0
  end = 0
  /** The offset of the Topic Alias, including its identifier; -1 if absent. */
  aliasOffset = -1
  alias = 0
  /** The offset of the value of the Message Expiry Interval; -1 if absent. */
  expiryOffset = -1
  messageExpiryInterval = 0
  /** The offset of the Will Delay Interval, including its identifier; -1 if absent. */
  willDelayOffset = -1
  /** The Session Expiry Interval; -1 if absent. */
  sessionExpiryInterval = -1
  /** The Subscription Identifier of a SUBSCRIBE; 0 if absent. */
  subscriptionIdentifier = 0
  payloadFormatIndicator = false

  /** The offset of the expiry's value from the start of the section, once `size` bytes at `cut` are removed; -1 if absent. */
  expiryOffsetWithout(cut: number, size: number): number {
    const { start, expiryOffset } = this
    if (expiryOffset < 0) return -1
    return expiryOffset - start - (cut >= 0 && cut < expiryOffset ? size : 0)
  }

  /** Makes the section empty, as it is in MQTT 3.1.1. */
  clear(at = 0): void {
    this.start = this.end = at
    this.aliasOffset = this.expiryOffset = this.willDelayOffset = this.sessionExpiryInterval = -1
    this.alias = this.messageExpiryInterval = this.subscriptionIdentifier = 0
    this.payloadFormatIndicator = false
  }
}

const reader = new PropertyReader()

/**
 * Reads the properties at the cursor into `section`, without decoding them. Throws a `PacketError` if one breaks a rule: it
 * belongs to another packet, is repeated, is an invalid 0, is a flag above 1, is not UTF-8, or is a Response Topic that is empty or has a wildcard.
 */
export function readPropertySection(
  cursor: Cursor,
  context: number,
  section: PropertySection = new PropertySection(),
): PropertySection {
  reader.open(cursor, context)
  section.clear(cursor.at)
  section.end = reader.limit
  while (reader.next()) {
    reader.check()
    note(section, cursor.bytes)
  }
  return section
}

function note(section: PropertySection, bytes: Uint8Array): void {
  const { value, offset } = reader
  switch (reader.id) {
    case Property.payloadFormatIndicator:
      section.payloadFormatIndicator = value === 1
      break
    case Property.messageExpiryInterval:
      section.expiryOffset = offset + 1
      section.messageExpiryInterval = value
      break
    case Property.responseTopic:
      if (reader.start === reader.end) throw protocolError('the Response Topic is empty [MQTT-4.7.3-1]')
      if (hasWildcard(bytes, reader.start, reader.end))
        throw protocolError('the Response Topic contains a wildcard [MQTT-3.3.2-14]')
      break
    case Property.subscriptionIdentifier:
      section.subscriptionIdentifier = value
      break
    case Property.sessionExpiryInterval:
      section.sessionExpiryInterval = value
      break
    case Property.willDelayInterval:
      section.willDelayOffset = offset
      break
    case Property.topicAlias:
      section.aliasOffset = offset
      section.alias = value
  }
}

function hasWildcard(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === 0x23 || bytes[at] === 0x2b) return true
  return false
}
