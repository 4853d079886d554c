import { checkText, Cursor } from './cursor.js'
import { malformed, PacketError, protocolError } from './packet-error.js'
import { Reason } from './reason.js'

/** The packets whose properties are read, and the Will, as bits. Servers and clients differ in PUBLISH. */
export const PropertyContext = {
  connect: 1,
  will: 2,
  publishToServer: 4,
  subscribe: 8,
  unsubscribe: 16,
  acknowledgement: 32,
  disconnect: 64,
  auth: 128,
  publishToClient: 256,
  connack: 512,
  disconnectToClient: 1024,
} as const

/** The properties that are acted upon when they are read, or that are written, by their identifiers. */
export const Property = {
  payloadFormatIndicator: 0x01,
  messageExpiryInterval: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  sessionExpiryInterval: 0x11,
  authenticationMethod: 0x15,
  authenticationData: 0x16,
  requestProblemInformation: 0x17,
  willDelayInterval: 0x18,
  requestResponseInformation: 0x19,
  reasonString: 0x1f,
  receiveMaximum: 0x21,
  topicAliasMaximum: 0x22,
  topicAlias: 0x23,
  userProperty: 0x26,
  maximumPacketSize: 0x27,
} as const

/** The types of values, as numbers: a switch over them costs less than one over strings. `bit` is a number, 0 or 1. */
export const PropertyType = {
  flag: 0,
  twoBytes: 1,
  fourBytes: 2,
  variable: 3,
  text: 4,
  binary: 5,
  pair: 6,
  bit: 7,
} as const
const Type = PropertyType

interface Rule {
  readonly name: string
  readonly type: number
  readonly contexts: number
  /** The contexts in which 0 is a fault. */
  readonly notZeroIn: number
}

function rule(name: string, type: number, contexts: number, notZeroIn = 0): Rule {
  return { name, type, contexts, notZeroIn }
}

const { connect, will, publishToServer, subscribe, acknowledgement, disconnect, auth, publishToClient } =
  PropertyContext
const { connack, disconnectToClient } = PropertyContext
const message = will | publishToServer | publishToClient
const anywhere = 2047

/** The properties of MQTT 5, section 2.2.2.2, that these contexts have, by identifier. */
const rules: readonly (Rule | undefined)[] = Object.assign(new Array<Rule | undefined>(128).fill(undefined), {
  0x01: rule('Payload Format Indicator', Type.flag, message),
  0x02: rule('Message Expiry Interval', Type.fourBytes, message),
  0x03: rule('Content Type', Type.text, message),
  0x08: rule('Response Topic', Type.text, message),
  0x09: rule('Correlation Data', Type.binary, message),
  0x0b: rule('Subscription Identifier', Type.variable, subscribe | publishToClient, anywhere),
  0x11: rule('Session Expiry Interval', Type.fourBytes, connect | connack | disconnect),
  0x12: rule('Assigned Client Identifier', Type.text, connack),
  0x13: rule('Server Keep Alive', Type.twoBytes, connack),
  0x15: rule('Authentication Method', Type.text, connect | connack | auth),
  0x16: rule('Authentication Data', Type.binary, connect | connack | auth),
  0x17: rule('Request Problem Information', Type.flag, connect),
  0x18: rule('Will Delay Interval', Type.fourBytes, will),
  0x19: rule('Request Response Information', Type.flag, connect),
  0x1a: rule('Response Information', Type.text, connack),
  0x1c: rule('Server Reference', Type.text, connack | disconnectToClient),
  0x1f: rule('Reason String', Type.text, connack | acknowledgement | disconnect | disconnectToClient | auth),
  // The client decides about a server that sends a Receive Maximum of 0: options may override it.
  0x21: rule('Receive Maximum', Type.twoBytes, connect | connack, connect),
  0x22: rule('Topic Alias Maximum', Type.twoBytes, connect | connack),
  0x23: rule('Topic Alias', Type.twoBytes, publishToServer | publishToClient, anywhere),
  0x24: rule('Maximum QoS', Type.bit, connack),
  0x25: rule('Retain Available', Type.flag, connack),
  0x26: rule('User Property', Type.pair, anywhere),
  0x27: rule('Maximum Packet Size', Type.fourBytes, connect | connack, anywhere),
  0x28: rule('Wildcard Subscription Available', Type.flag, connack),
  0x29: rule('Subscription Identifiers Available', Type.flag, connack),
  0x2a: rule('Shared Subscription Available', Type.flag, connack),
})

/**
 * Reads properties one after the other. The fields describe the property that `next` has read; strings are not checked.
 *
 * Throws a `PacketError` if the properties cannot be read. A value that breaks a rule is readable: it sets `fault`.
 */
export class PropertyReader {
  /** The identifier of the property, and its offset. */
  id = 0
  offset = 0
  /** The value of an integer or flag. */
  value = 0
  /** The bounds of a string or Binary Data, without its length; those of the value of a User Property. */
  start = 0
  end = 0
  /** The bounds of the name of a User Property. */
  nameStart = 0
  nameEnd = 0
  /** The first rule that a value broke. */
  fault: PacketError | undefined
  #cursor: Cursor = new Cursor()
  #context = 0
  #type = 0
  #limit = 0
  #seenLow = 0
  #seenHigh = 0

  /** Begins to read the properties of a packet, from their Property Length on. */
  open(cursor: Cursor, context: number): void {
    const limit = cursor.variableByteInteger() + cursor.at
    if (limit > cursor.end) throw malformed('the Property Length exceeds the packet')
    this.openUntil(cursor, context, limit)
  }

  /** Begins to read properties without a Property Length, up to an offset. */
  openUntil(cursor: Cursor, context: number, limit: number): void {
    this.#cursor = cursor
    this.#context = context
    this.#limit = limit
    this.#seenLow = this.#seenHigh = 0
    this.fault = undefined
  }

  /** The name of the property in the norm. */
  get name(): string {
    return rules[this.id]?.name ?? ''
  }

  /** The `PropertyType` of the property. */
  get type(): number {
    return this.#type
  }

  /** The offset of the end of the properties. */
  get limit(): number {
    return this.#limit
  }

  /** Reads the next property; returns `false` at the end. */
  next(): boolean {
    const cursor = this.#cursor
    const limit = this.#limit
    if (cursor.at >= limit) {
      if (cursor.at > limit) throw malformed('a property exceeds the Property Length')
      return false
    }
    this.offset = cursor.at
    const id = (this.id = cursor.byte())
    const rule = rules[id]
    if (rule === undefined || (rule.contexts & this.#context) === 0) throw notAllowed(id, rule)
    if (id !== Property.userProperty) this.#count(id, rule)
    this.#readValue(cursor, rule)
    return true
  }

  /** Throws a `PacketError` if the property that was read has a fault, or is a string or User Property and not UTF-8. */
  check(): void {
    if (this.fault !== undefined) throw this.fault
    const { bytes } = this.#cursor
    if (this.#type === Type.pair) checkText(bytes, this.nameStart, this.nameEnd)
    else if (this.#type !== Type.text) return
    checkText(bytes, this.start, this.end)
  }

  #count(id: number, { name }: Rule): void {
    const bit = 1 << (id & 31)
    const seen = id < 32 ? this.#seenLow : this.#seenHigh
    // A server sends one Subscription Identifier for each matching subscription [MQTT-3.3.4-3].
    const mayRepeat = id === Property.subscriptionIdentifier && this.#context === publishToClient
    if ((seen & bit) !== 0 && !mayRepeat) this.fault ??= protocolError(`${name} is sent twice`)
    if (id < 32) this.#seenLow |= bit
    else this.#seenHigh |= bit
  }

  #readValue(cursor: Cursor, { name, type, notZeroIn }: Rule): void {
    this.#type = type
    switch (type) {
      case Type.pair:
        this.nameStart = cursor.at + 2
        cursor.binary()
        this.nameEnd = cursor.at
        return this.#readBounds(cursor)
      case Type.text:
      case Type.binary:
        return this.#readBounds(cursor)
      case Type.flag:
      case Type.bit:
        this.value = cursor.byte()
        if (this.value > 1) this.fault ??= protocolError(`${name} is ${this.value}: it must be 0 or 1`)
        return
      default:
        this.value = readInteger(cursor, type)
        if (this.value === 0 && (notZeroIn & this.#context) !== 0) this.fault ??= zero(this.id, name)
    }
  }

  #readBounds(cursor: Cursor): void {
    this.start = cursor.at + 2
    cursor.binary()
    this.end = cursor.at
  }
}

const checker = new PropertyReader()

/** Skips the properties at the cursor. Throws a `PacketError` if one breaks a rule or is not UTF-8. */
export function checkProperties(cursor: Cursor, context: number): void {
  checker.open(cursor, context)
  while (checker.next()) checker.check()
}

function readInteger(cursor: Cursor, type: number): number {
  if (type === Type.twoBytes) return cursor.twoBytes()
  return type === Type.fourBytes ? cursor.fourBytes() : cursor.variableByteInteger()
}

function zero(id: number, name: string): PacketError {
  if (id !== Property.topicAlias) return protocolError(`${name} is 0`)
  return new PacketError(Reason.topicAliasInvalid, `${name} is 0 [MQTT-3.3.2-8]`)
}

function notAllowed(id: number, rule: Rule | undefined): PacketError {
  if (id === Property.subscriptionIdentifier)
    return protocolError('a client may not send a Subscription Identifier [MQTT-3.3.4-6]')
  return malformed(
    `the property 0x${id.toString(16)} (${rule?.name ?? 'unknown'}) is not allowed in this packet`,
  )
}
