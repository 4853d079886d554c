import { generate } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { hex } from '../world.js'
import type { AnyPacket } from '../world.js'

/** What a raw client may be told to send: a packet for the codec, hexadecimal digits, or bytes. */
export type Sendable = AnyPacket | Uint8Array | string

/** The bytes of whatever is to be sent. */
export function toBytes(what: Sendable, protocolVersion: 4 | 5): Buffer {
  if (typeof what === 'string') return hex(what)
  if (what instanceof Uint8Array) return Buffer.from(what)
  return generate(what as unknown as Packet, { protocolVersion })
}

/** Two bytes, the high one first. */
export function word(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

/** Four bytes, the highest first. */
export function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A string with its length before it. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([word(bytes.length), bytes])
}

/** A variable byte integer. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  do {
    const rest = value >> 7
    bytes.push((value & 0x7f) | (rest > 0 ? 0x80 : 0))
    value = rest
  } while (value > 0)
  return Buffer.from(bytes)
}

/** A packet made by hand: its first byte, its length, its parts. */
export function packet(header: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([header]), varint(body.length), body])
}

/** A property section made by hand, its length before it. */
export function properties(...parts: readonly Uint8Array[]): Buffer {
  const section = Buffer.concat(parts)
  return Buffer.concat([varint(section.length), section])
}

/** One property: its identifier and its value's bytes. */
export function property(identifier: number, ...value: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([identifier]), ...value])
}

/** The parts of a PUBLISH that is made by hand. */
export interface PublishParts {
  /** DUP, QoS and RETAIN as they stand in the first byte. */
  readonly flags?: number
  readonly id?: number
  /** Property sections are left out for 3.1.1. */
  readonly section?: Uint8Array
  readonly payload?: string | Uint8Array
}

/** A PUBLISH made by hand. */
export function publishBytes(version: 4 | 5, topic: string, parts: PublishParts = {}): Buffer {
  const { flags = 0, id, section = properties(), payload = '' } = parts
  return packet(
    0x30 | flags,
    text(topic),
    ...(id === undefined ? [] : [word(id)]),
    ...(version === 5 ? [section] : []),
    Buffer.from(payload),
  )
}

/** The parts of a CONNECT that is made by hand. */
export interface ConnectParts {
  readonly name?: string
  readonly level?: number
  readonly flags?: number
  readonly section?: Uint8Array
  /** Everything behind the properties; a client identifier by default. */
  readonly payload?: Uint8Array
}

/** A CONNECT made by hand. */
export function connectBytes(version: 4 | 5, parts: ConnectParts = {}): Buffer {
  const { name = 'MQTT', level = version, flags = 2, section = properties(), payload = text('raw') } = parts
  return packet(
    0x10,
    text(name),
    Buffer.from([level, flags]),
    word(0),
    ...(version === 5 ? [section] : []),
    payload,
  )
}
