import { AliasUse, PacketType, shapeKey, type ProtocolVersion, type PublishTemplate } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import type { Publication } from '../packet/publication.js'
import type { Peer } from '../session/peer.js'
import type { Counters } from '../counters.js'
import { largeChunk } from './chunk-pool.js'
import type { WriteBuffer } from './write-buffer.js'

/** The limits that a client announced in CONNECT. */
export interface ClientLimits {
  readonly version: ProtocolVersion
  readonly maximumPacketSize: number
  readonly topicAliasMaximum: number
}

/** The characters of all topics that have an alias on one connection: a client must not make the broker store more. */
const maxAliasedCharacters = 65_536

/** A session's connection over a byte stream: copies shared encoded packets and patches the fields of its own. */
export class WirePeer implements Peer {
  readonly disconnect: (reasonCode: number, text: string) => void
  readonly #writeBuffer: WriteBuffer
  readonly #clientLimits: ClientLimits
  readonly #now: () => number
  readonly #counters: Counters
  readonly #aliasMaximum: number
  #aliases: Map<string, number> | null = null
  #aliasedCharacters = 0

  constructor(
    writeBuffer: WriteBuffer,
    clientLimits: ClientLimits,
    host: Pick<Engine, 'now' | 'counters' | 'settings'>,
    disconnect: (reasonCode: number, text: string) => void,
  ) {
    this.#writeBuffer = writeBuffer
    this.#clientLimits = clientLimits
    this.#aliasMaximum = Math.min(clientLimits.topicAliasMaximum, host.settings.limits.outboundTopicAliases)
    this.#now = host.now
    this.#counters = host.counters
    this.disconnect = disconnect
  }

  get isFull(): boolean {
    return this.#writeBuffer.isFull
  }

  get fullLimit(): 'unreadBytes' | 'totalUnreadBytes' {
    return this.#writeBuffer.fullLimit
  }

  publish(
    publication: Publication,
    flags: number,
    packetId: number,
    identifiers: readonly number[] | null,
  ): boolean {
    const { version, maximumPacketSize } = this.#clientLimits
    const alias = this.#aliasMaximum === 0 ? 0 : this.#aliasFor(publication.topic)
    const use = alias === 0 ? AliasUse.none : alias > 0 ? AliasUse.only : AliasUse.define
    const key = shapeKey(version, packetId !== 0, use)
    const template = publication.template(key, version === 5 ? identifiers : null)
    if (template.size > maximumPacketSize) return false // [MQTT-3.1.2-24]
    if (alias < 0) this.#define(publication.topic, -alias)
    this.#write(template, publication, flags, packetId, alias < 0 ? -alias : alias)
    this.#counters.messagesOut++
    return true
  }

  release(packetId: number, reasonCode: number): void {
    this.#acknowledge(PacketType.pubrel, packetId, reasonCode)
  }

  received(packetId: number, reasonCode: number): void {
    this.#acknowledge(PacketType.pubrec, packetId, reasonCode)
  }

  #acknowledge(header: number, packetId: number, reasonCode: number): void {
    this.#writeBuffer.acknowledge(this.#clientLimits.version, header, packetId, reasonCode)
  }

  #write(
    template: PublishTemplate,
    publication: Publication,
    flags: number,
    packetId: number,
    alias: number,
  ): void {
    const writeBuffer = this.#writeBuffer
    const { bytes, packetIdOffset, expiryOffset, aliasOffset, tail } = template
    // A packet whose topic and properties exceed a chunk is copied into a separate buffer.
    const isOversized = bytes.length > largeChunk
    const at = isOversized ? 0 : writeBuffer.reserve(bytes.length)
    const buffer = isOversized ? Buffer.from(bytes) : writeBuffer.room
    if (!isOversized) buffer.set(bytes, at)
    buffer[at] = 0x30 | flags
    if (packetIdOffset >= 0) {
      buffer[at + packetIdOffset] = packetId >> 8
      buffer[at + packetIdOffset + 1] = packetId & 0xff
    }
    if (expiryOffset >= 0) buffer.writeUInt32BE(publication.remaining(this.#now()), at + expiryOffset) // [MQTT-3.3.2-6]
    if (aliasOffset >= 0) {
      buffer[at + aliasOffset] = alias >> 8
      buffer[at + aliasOffset + 1] = alias & 0xff
    }
    if (isOversized) writeBuffer.append(buffer)
    if (tail !== null) writeBuffer.append(tail)
  }

  /** Returns the Topic Alias of a topic: negative if this packet must define it, 0 if all aliases are in use. */
  #aliasFor(topic: string): number {
    const aliases = this.#aliases
    const alias = aliases?.get(topic)
    if (alias !== undefined) return alias
    const count = aliases?.size ?? 0
    const hasRoom =
      count < this.#aliasMaximum && this.#aliasedCharacters + topic.length <= maxAliasedCharacters
    return hasRoom ? -(count + 1) : 0 // [MQTT-3.1.2-26]
  }

  #define(topic: string, alias: number): void {
    ;(this.#aliases ??= new Map()).set(topic, alias)
    this.#aliasedCharacters += topic.length
  }
}
