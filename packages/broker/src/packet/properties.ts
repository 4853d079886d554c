import { Reason } from './reason.js'
import type { Cursor } from './cursor.js'
import { malformed, protocolError, violation } from './violation.js'

/** The packets of a client that have properties, and the Will, as bits. */
export const PropertyContext = {
  connect: 1,
  will: 2,
  publish: 4,
  subscribe: 8,
  unsubscribe: 16,
  acknowledgement: 32,
  disconnect: 64,
  auth: 128,
} as const

type Shape = 'byte' | 'flag' | 'word' | 'long' | 'varint' | 'text' | 'binary' | 'pair'

interface Rule {
  readonly name: string
  readonly shape: Shape
  readonly contexts: number
  readonly mayBeZero: boolean
}

function rule(name: string, shape: Shape, contexts: number, mayBeZero = true): Rule {
  return { name, shape, contexts, mayBeZero }
}

const { connect, will, publish, subscribe, acknowledgement, disconnect, auth } = PropertyContext
const anywhere = 255

/** The properties that a client may send, by identifier; only a server may send others. */
const rules: readonly (Rule | undefined)[] = Object.assign(new Array<Rule | undefined>(128).fill(undefined), {
  0x01: rule('Payload Format Indicator', 'flag', publish | will),
  0x02: rule('Message Expiry Interval', 'long', publish | will),
  0x03: rule('Content Type', 'text', publish | will),
  0x08: rule('Response Topic', 'text', publish | will),
  0x09: rule('Correlation Data', 'binary', publish | will),
  0x0b: rule('Subscription Identifier', 'varint', subscribe, false),
  0x11: rule('Session Expiry Interval', 'long', connect | disconnect),
  0x15: rule('Authentication Method', 'text', connect | auth),
  0x16: rule('Authentication Data', 'binary', connect | auth),
  0x17: rule('Request Problem Information', 'flag', connect),
  0x18: rule('Will Delay Interval', 'long', will),
  0x19: rule('Request Response Information', 'flag', connect),
  0x1f: rule('Reason String', 'text', acknowledgement | disconnect | auth),
  0x21: rule('Receive Maximum', 'word', connect, false),
  0x22: rule('Topic Alias Maximum', 'word', connect),
  0x23: rule('Topic Alias', 'word', publish, false),
  0x26: rule('User Property', 'pair', anywhere),
  0x27: rule('Maximum Packet Size', 'long', connect, false),
})

/** What the broker needs of a property section: its bounds, and the properties that it acts upon. */
export interface PropertySection {
  /** The offset after the Property Length, and that of the end of the section. */
  start: number
  end: number
  /** The offset of the Topic Alias, including its identifier; -1 if absent. */
  aliasOffset: number
  alias: number
  /** The offset of the value of the Message Expiry Interval; -1 if absent. */
  expiryOffset: number
  messageExpiryInterval: number
  /** The offset of the Will Delay Interval, including its identifier; -1 if absent. */
  willDelayOffset: number
  /** The offset of the value of the Session Expiry Interval; -1 if absent. */
  sessionExpiryOffset: number
  payloadFormatIndicator: boolean
}

/** Returns an empty section, as for MQTT 3.1.1. */
export function noProperties(): PropertySection {
  return {
    start: 0,
    end: 0,
    aliasOffset: -1,
    alias: 0,
    expiryOffset: -1,
    messageExpiryInterval: 0,
    willDelayOffset: -1,
    sessionExpiryOffset: -1,
    payloadFormatIndicator: false,
  }
}

/**
 * Reads the properties at the cursor into `section`. Throws a violation for what the codec accepts although the
 * protocol forbids it: properties of other packets, repeated properties, invalid zeros, flags above 1, strings that
 * are not UTF-8.
 */
export function walkProperties(
  cursor: Cursor,
  context: number,
  section: PropertySection = noProperties(),
): PropertySection {
  const length = cursor.varint()
  section.start = cursor.at
  section.end = cursor.at + length
  section.aliasOffset = section.expiryOffset = section.willDelayOffset = section.sessionExpiryOffset = -1
  section.payloadFormatIndicator = false
  if (section.end > cursor.end) throw malformed('the Property Length exceeds the packet')
  let seenLow = 0
  let seenHigh = 0
  while (cursor.at < section.end) {
    const id = cursor.byte()
    const rule = rules[id]
    if (rule === undefined || (rule.contexts & context) === 0) {
      if (id === 0x0b) throw protocolError('a client may not send a Subscription Identifier [MQTT-3.3.4-6]')
      throw malformed(
        `property 0x${id.toString(16)} (${rule?.name ?? 'unknown'}) is not allowed in this packet`,
      )
    }
    if (id !== 0x26) {
      const bit = 1 << (id & 31)
      if (((id < 32 ? seenLow : seenHigh) & bit) !== 0) throw protocolError(`${rule.name} is sent twice`)
      if (id < 32) seenLow |= bit
      else seenHigh |= bit
    }
    walkProperty(cursor, rule, id, section)
  }
  if (cursor.at !== section.end) throw malformed('a property extends beyond the Property Length')
  return section
}

function walkProperty(cursor: Cursor, rule: Rule, id: number, section: PropertySection): void {
  switch (rule.shape) {
    case 'text': {
      const start = cursor.at + 2
      cursor.text()
      if (id === 0x08) checkResponseTopic(cursor.bytes, start, cursor.at)
      return
    }
    case 'pair':
      cursor.text()
      cursor.text()
      return
    case 'binary':
      cursor.binary()
      return
    default:
      walkNumber(cursor, rule, id, section)
  }
}

function walkNumber(cursor: Cursor, rule: Rule, id: number, section: PropertySection): void {
  const at = cursor.at
  const value = readNumber(cursor, rule.shape)
  if (value === 0 && !rule.mayBeZero) {
    throw violation(
      id === 0x23 ? Reason.topicAliasInvalid : Reason.protocolError,
      `${rule.name} is 0 [MQTT-3.3.2-8]`,
    )
  }
  if (rule.shape === 'flag' && value > 1) throw protocolError(`${rule.name} is ${value}: it must be 0 or 1`)
  if (id === 0x02) {
    section.expiryOffset = at
    section.messageExpiryInterval = value
  } else if (id === 0x23) {
    section.aliasOffset = at - 1
    section.alias = value
  } else if (id === 0x18) {
    section.willDelayOffset = at - 1
  } else if (id === 0x11) {
    section.sessionExpiryOffset = at
  } else if (id === 0x01) {
    section.payloadFormatIndicator = value === 1
  }
}

function readNumber(cursor: Cursor, shape: Shape): number {
  switch (shape) {
    case 'word':
      return cursor.word()
    case 'long':
      return cursor.long()
    case 'varint':
      return cursor.varint()
    default:
      return cursor.byte()
  }
}

function checkResponseTopic(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0x2b || byte === 0x23)
      throw protocolError('the Response Topic contains a wildcard [MQTT-3.3.2-14]')
  }
}
