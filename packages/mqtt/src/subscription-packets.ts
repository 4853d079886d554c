import { AntiphonError } from '@antiphon/core'
import type { ByteWriter } from '@antiphon/packet'
import type { Subscriber } from 'rxjs'
import type { PacketTable, UnacknowledgedPacket } from './packet-table.js'
import type { PacketWriter } from './packet-writer.js'

/** A SUBSCRIBE or UNSUBSCRIBE packet to send; the broker answers it with reason codes. */
export interface SubscriptionPacket {
  readonly encode: (to: ByteWriter, id: number) => void
  /** The reason codes to emit if the acknowledgement carries none, as UNSUBACK on 3.1.1. */
  readonly success: readonly number[]
  /** Receives the reason codes. */
  readonly subscriber: Subscriber<readonly number[]>
}

/** A SUBSCRIBE or UNSUBSCRIBE that was sent and is not acknowledged yet. */
class SentSubscriptionPacket implements UnacknowledgedPacket {
  readonly id: number
  readonly packet: SubscriptionPacket
  /** The connection that it was sent on. */
  readonly writer: PacketWriter

  constructor(id: number, packet: SubscriptionPacket, writer: PacketWriter) {
    this.id = id
    this.packet = packet
    this.writer = writer
  }
}

/** Sends the SUBSCRIBE and UNSUBSCRIBE packets of one connection. */
export class SubscriptionPackets {
  /** All unacknowledged packets of the session. */
  readonly #packets: PacketTable<UnacknowledgedPacket>
  readonly #writer: PacketWriter

  constructor(packets: PacketTable<UnacknowledgedPacket>, writer: PacketWriter) {
    this.#packets = packets
    this.#writer = writer
  }

  send(packet: SubscriptionPacket): void {
    const id = this.#packets.nextId()
    if (id === undefined) {
      packet.subscriber.error(
        new AntiphonError(
          'overflow',
          'cannot send the packet: all 65 535 Packet Identifiers are in use; wait for acknowledgements',
        ),
      )
      return
    }
    this.#packets.add(new SentSubscriptionPacket(id, packet, this.#writer))
    packet.encode(this.#writer.block, id)
    this.#writer.commit()
  }

  /** Handles a SUBACK or UNSUBACK. */
  acknowledge(id: number, codes: readonly number[] | undefined): void {
    const sent = this.#packets.get(id)
    if (!(sent instanceof SentSubscriptionPacket) || sent.writer !== this.#writer) return
    this.#packets.remove(sent)
    const { subscriber, success } = sent.packet
    subscriber.next(codes ?? success)
    subscriber.complete()
  }

  /** Fails all unacknowledged packets, since the connection has ended. */
  abandon(): void {
    const pending = this.#packets.all
      .filter((packet) => packet instanceof SentSubscriptionPacket)
      .filter(({ writer }) => writer === this.#writer)
    for (const sent of pending) this.#packets.remove(sent)
    for (const { packet } of pending) {
      packet.subscriber.error(
        new AntiphonError(
          'connection-lost',
          'the connection closed before the broker sent SUBACK or UNSUBACK',
        ),
      )
    }
  }
}
