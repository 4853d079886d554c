import { generate } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { hex } from '../world.js'
import type { AnyPacket } from '../world.js'

/** What a raw client can send: a packet for the codec, hexadecimal digits, or bytes. */
export type Sendable = AnyPacket | Uint8Array | string

/** Returns the bytes of a packet. */
export function toBytes(sendable: Sendable, protocolVersion: 4 | 5): Buffer {
  if (typeof sendable === 'string') return hex(sendable)
  if (sendable instanceof Uint8Array) return Buffer.from(sendable)
  return generate(sendable as unknown as Packet, { protocolVersion })
}

/** Returns a Two Byte Integer. */
export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

/** Returns a Four Byte Integer. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Returns a UTF-8 Encoded String: two bytes of length, then the bytes. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint16(bytes.length), bytes])
}

/** Returns a Variable Byte Integer. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  do {
    const remainder = value >> 7
    bytes.push((value & 0x7f) | (remainder > 0 ? 0x80 : 0))
    value = remainder
  } while (value > 0)
  return Buffer.from(bytes)
}

/** Returns a packet: its first byte, its Remaining Length, its parts. */
export function packet(header: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([header]), varint(body.length), body])
}

/** Returns a property section: its length, then the properties. */
export function properties(...parts: readonly Uint8Array[]): Buffer {
  const section = Buffer.concat(parts)
  return Buffer.concat([varint(section.length), section])
}

/** Returns one property: its identifier, then its value. */
export function property(identifier: number, ...value: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([identifier]), ...value])
}

/** The parts of a PUBLISH for `publishBytes`. */
export interface PublishParts {
  /** DUP, QoS and RETAIN, as in the first byte. */
  readonly flags?: number
  readonly id?: number
  /** The property section; omitted in 3.1.1. */
  readonly section?: Uint8Array
  readonly payload?: string | Uint8Array
}

/** Returns the bytes of a PUBLISH. */
export function publishBytes(version: 4 | 5, topic: string, parts: PublishParts = {}): Buffer {
  const { flags = 0, id, section = properties(), payload = '' } = parts
  return packet(
    0x30 | flags,
    text(topic),
    ...(id === undefined ? [] : [uint16(id)]),
    ...(version === 5 ? [section] : []),
    Buffer.from(payload),
  )
}

/** The parts of a CONNECT for `connectBytes`. */
export interface ConnectParts {
  readonly name?: string
  readonly level?: number
  readonly flags?: number
  readonly section?: Uint8Array
  /** Everything after the properties; a client identifier by default. */
  readonly payload?: Uint8Array
}

/** Returns the bytes of a CONNECT. */
export function connectBytes(version: 4 | 5, parts: ConnectParts = {}): Buffer {
  const { name = 'MQTT', level = version, flags = 2, section = properties(), payload = text('raw') } = parts
  return packet(
    0x10,
    text(name),
    Buffer.from([level, flags]),
    uint16(0),
    ...(version === 5 ? [section] : []),
    payload,
  )
}
