import { AliasUse, shapeKey } from '../packet/frame.js'
import type { Frame } from '../packet/frame.js'
import { Header, writeAcknowledgement } from '../packet/acknowledgement.js'
import type { ProtocolVersion } from '../packet/codec.js'
import type { Publication } from '../packet/publication.js'
import { Reason } from '../packet/reason.js'
import type { Peer } from '../session/peer.js'
import type { Counters } from '../stats.js'
import { largeChunk } from './chunk-pool.js'
import type { WriteBuffer } from './write-buffer.js'

/** What a client said it can take. */
export interface PeerBounds {
  readonly version: ProtocolVersion
  readonly maximumPacketSize: number
  readonly topicAliasMaximum: number
}

/** A session's connection over a byte stream: copies encoded packets into the outbox and patches what is its own. */
export class WirePeer implements Peer {
  readonly disconnect: (reasonCode: number, text: string) => void
  readonly #outbox: WriteBuffer
  readonly #bounds: PeerBounds
  readonly #now: () => number
  readonly #counters: Counters
  #aliases: Map<string, number> | null = null

  constructor(
    outbox: WriteBuffer,
    bounds: PeerBounds,
    host: { readonly now: () => number; readonly counters: Counters },
    disconnect: (reasonCode: number, text: string) => void,
  ) {
    this.#outbox = outbox
    this.#bounds = bounds
    this.#now = host.now
    this.#counters = host.counters
    this.disconnect = disconnect
  }

  get isFull(): boolean {
    return this.#outbox.isFull
  }

  publish(
    publication: Publication,
    flags: number,
    packetId: number,
    identifiers: readonly number[] | null,
  ): boolean {
    const { version, topicAliasMaximum, maximumPacketSize } = this.#bounds
    const alias = topicAliasMaximum === 0 ? 0 : this.#aliasFor(publication.topic)
    const use = alias === 0 ? AliasUse.none : alias > 0 ? AliasUse.only : AliasUse.define
    const key = shapeKey(version, packetId !== 0, use)
    const frame = publication.frame(key, version === 5 ? identifiers : null)
    if (frame.size > maximumPacketSize) return false // [MQTT-3.1.2-24]
    if (alias < 0) (this.#aliases ??= new Map()).set(publication.topic, -alias)
    this.#write(frame, publication, flags, packetId, alias < 0 ? -alias : alias)
    this.#counters.messagesOut++
    return true
  }

  release(packetId: number, reasonCode: number): void {
    this.#acknowledge(Header.pubrel, packetId, reasonCode)
  }

  received(packetId: number, reasonCode: number): void {
    this.#acknowledge(Header.pubrec, packetId, reasonCode)
  }

  #acknowledge(header: number, packetId: number, reasonCode: number): void {
    const said = this.#bounds.version === 5 ? reasonCode : Reason.success
    const at = this.#outbox.reserve(said === 0 ? 4 : 5)
    writeAcknowledgement(this.#outbox.room, at, header, packetId, said)
  }

  #write(frame: Frame, publication: Publication, flags: number, packetId: number, alias: number): void {
    const outbox = this.#outbox
    const { bytes, idAt, expiryAt, aliasAt, tail } = frame
    // What is longer than a chunk, for its topic or its properties, is copied into a buffer of its own.
    const isLong = bytes.length > largeChunk
    const at = isLong ? 0 : outbox.reserve(bytes.length)
    const room = isLong ? Buffer.from(bytes) : outbox.room
    if (!isLong) room.set(bytes, at)
    room[at] = 0x30 | flags
    if (idAt >= 0) {
      room[at + idAt] = packetId >> 8
      room[at + idAt + 1] = packetId & 0xff
    }
    if (expiryAt >= 0) room.writeUInt32BE(publication.remaining(this.#now()), at + expiryAt) // [MQTT-3.3.2-6]
    if (aliasAt >= 0) {
      room[at + aliasAt] = alias >> 8
      room[at + aliasAt + 1] = alias & 0xff
    }
    if (isLong) outbox.append(room)
    if (tail !== null) outbox.append(tail)
  }

  /** The alias of a topic; negative when this packet is to define it, 0 when there is none to be had. */
  #aliasFor(topic: string): number {
    const aliases = this.#aliases
    const known = aliases?.get(topic)
    if (known !== undefined) return known
    const used = aliases?.size ?? 0
    return used < this.#bounds.topicAliasMaximum ? -(used + 1) : 0 // [MQTT-3.1.2-26]
  }
}
