import { Reason } from './reason.js'
import type { Cursor } from './cursor.js'
import { malformed, protocolError, violation } from './violation.js'

/** Where properties stand: each kind of packet that a client may send has a bit. */
export const Place = {
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
  readonly places: number
  readonly mayBeZero: boolean
}

function rule(name: string, shape: Shape, places: number, mayBeZero = true): Rule {
  return { name, shape, places, mayBeZero }
}

const { connect, will, publish, subscribe, acknowledgement, disconnect, auth } = Place
const anywhere = 255

/** What a client may send, by identifier; everything else is for the server alone. */
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

/** What walking over a property section found that the broker itself acts upon. */
export interface PropertySection {
  /** The first byte behind the length field, and the first one behind the section. */
  start: number
  end: number
  /** Where the Topic Alias stands, identifier included; -1 for none. */
  aliasAt: number
  alias: number
  /** Where the four bytes of the Message Expiry Interval stand; -1 for none. */
  expiryAt: number
  expiry: number
  /** Where the Will Delay Interval stands, identifier included; -1 for none. */
  delayAt: number
  /** Where the four bytes of the Session Expiry Interval stand; -1 for none. */
  sessionExpiryAt: number
  isTextPayload: boolean
}

/** An empty section, as in MQTT 3.1.1. */
export function noProperties(): PropertySection {
  return {
    start: 0,
    end: 0,
    aliasAt: -1,
    alias: 0,
    expiryAt: -1,
    expiry: 0,
    delayAt: -1,
    sessionExpiryAt: -1,
    isTextPayload: false,
  }
}

/**
 * Walks over the properties at the cursor into `into`, and refuses what the codec lets through: properties of other
 * packets, singletons sent twice, zeros where none may be, flags beyond 1, strings that are not UTF-8.
 */
export function walkProperties(
  cursor: Cursor,
  place: number,
  into: PropertySection = noProperties(),
): PropertySection {
  const length = cursor.varint()
  into.start = cursor.at
  into.end = cursor.at + length
  into.aliasAt = into.expiryAt = into.delayAt = into.sessionExpiryAt = -1
  into.isTextPayload = false
  if (into.end > cursor.end) throw malformed('the properties are longer than their packet')
  let seenLow = 0
  let seenHigh = 0
  while (cursor.at < into.end) {
    const id = cursor.byte()
    const rule = rules[id]
    if (rule === undefined || (rule.places & place) === 0) {
      if (id === 0x0b) throw protocolError('a client may not send a Subscription Identifier [MQTT-3.3.4-6]')
      throw malformed(
        `property 0x${id.toString(16)} (${rule?.name ?? 'unknown'}) does not belong into this packet`,
      )
    }
    if (id !== 0x26) {
      const bit = 1 << (id & 31)
      if (((id < 32 ? seenLow : seenHigh) & bit) !== 0) throw protocolError(`${rule.name} is sent twice`)
      if (id < 32) seenLow |= bit
      else seenHigh |= bit
    }
    walkProperty(cursor, rule, id, into)
  }
  if (cursor.at !== into.end) throw malformed('a property reaches beyond the end of its section')
  return into
}

function walkProperty(cursor: Cursor, rule: Rule, id: number, into: PropertySection): void {
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
      walkNumber(cursor, rule, id, into)
  }
}

function walkNumber(cursor: Cursor, rule: Rule, id: number, into: PropertySection): void {
  const at = cursor.at
  const value = readNumber(cursor, rule.shape)
  if (value === 0 && !rule.mayBeZero) {
    throw violation(
      id === 0x23 ? Reason.topicAliasInvalid : Reason.protocolError,
      `${rule.name} is 0 [MQTT-3.3.2-8]`,
    )
  }
  if (rule.shape === 'flag' && value > 1) throw protocolError(`${rule.name} is ${value}: it is 0 or 1`)
  if (id === 0x02) {
    into.expiryAt = at
    into.expiry = value
  } else if (id === 0x23) {
    into.aliasAt = at - 1
    into.alias = value
  } else if (id === 0x18) {
    into.delayAt = at - 1
  } else if (id === 0x11) {
    into.sessionExpiryAt = at
  } else if (id === 0x01) {
    into.isTextPayload = value === 1
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
      throw protocolError('the Response Topic holds a wildcard [MQTT-3.3.2-14]')
  }
}
