import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { ResumedPublish } from '@antiphon/core/link'
import { type Acknowledgement, PacketType, writePublish } from '@antiphon/packet'
import type { Subscriber } from 'rxjs'
import { type InFlightOwner, InFlightPublish, sessionLostError } from './in-flight-publish.js'
import type { UnacknowledgedPacket, PacketTable } from './packet-table.js'
import type { PacketWriter } from './packet-writer.js'

/** The parts of a connection that outbound messages use. */
export interface OutboundConnection {
  readonly writer: PacketWriter
  readonly protocolVersion: 4 | 5
}

/** The QoS 1 and 2 messages of a session [MQTT-4.3.2] [MQTT-4.3.3], until the broker has acknowledged them. */
export class UnacknowledgedPublishes implements InFlightOwner {
  /** All unacknowledged packets of the session, SUBSCRIBE and UNSUBSCRIBE included. */
  readonly #packets: PacketTable<UnacknowledgedPacket>
  #publishedCount = 0
  #connection: OutboundConnection | undefined

  constructor(packets: PacketTable<UnacknowledgedPacket>) {
    this.#packets = packets
  }

  /** Sends a message. */
  publish(message: OutgoingMessage, subscriber: Subscriber<PublishAck | ResumedPublish>): void {
    const id = this.#packets.nextId()
    if (id === undefined) {
      subscriber.error(
        new AntiphonError(
          'overflow',
          `cannot publish to ${message.topic}: all 65 535 Packet Identifiers are in use; wait for acknowledgements`,
          { topic: message.topic, phase: 'before-network' },
        ),
      )
      return
    }
    const sequence = (this.#publishedCount += 1)
    const entry = new InFlightPublish({ id, message, subscriber, sequence, owner: this })
    this.#packets.add(entry)
    this.#write(entry, false, message.messageExpiryInterval)
  }

  /** Reports all unacknowledged messages in order, since the broker has resumed the session; sends PUBREL again. */
  resume(connection: OutboundConnection): void {
    this.#connection = connection
    for (const entry of this.#pending) {
      if (entry.stage === 'received') this.#release(entry.id)
      else entry.subscriber.next(entry)
    }
  }

  /** Fails all unacknowledged messages, since the broker has started a new session. */
  restart(connection: OutboundConnection): void {
    const lost = this.#pending
    this.#packets.clear()
    this.#connection = connection
    for (const entry of lost) entry.subscriber.error(sessionLostError(entry))
  }

  /** Handles the end of a connection. */
  disconnected(writer: PacketWriter): void {
    if (this.#connection?.writer === writer) this.#connection = undefined
  }

  /** Handles a PUBACK, PUBREC or PUBCOMP. */
  acknowledge(type: number, { packetId: id, reasonCode }: Readonly<Acknowledgement>): void {
    const entry = this.#packets.get(id)
    if (!(entry instanceof InFlightPublish) || entry.stage === 'discarded') {
      if (type === PacketType.pubrec) this.#release(id, this.#connection?.protocolVersion === 5 ? 0x92 : 0)
      return
    }
    if (type === PacketType.puback) this.#settle(entry, reasonCode)
    else if (type === PacketType.pubcomp) this.#settle(entry, entry.receivedCode || reasonCode)
    else if (reasonCode >= 0x80) this.#settle(entry, reasonCode)
    else {
      entry.stage = 'received'
      entry.receivedCode = reasonCode
      this.#release(id)
    }
  }

  resend(entry: InFlightPublish, messageExpiryInterval: number | undefined): void {
    this.#write(entry, true, messageExpiryInterval)
  }

  /** The identifier of a QoS 2 message stays in use: the broker would drop another message with it as a duplicate. */
  discard(entry: InFlightPublish): void {
    if (entry.message.qos === 2) entry.stage = 'discarded'
    else this.#packets.remove(entry)
  }

  /** The unacknowledged messages in the order of `publish`, which is the order of resending [MQTT-4.6.0-1]. */
  get #pending(): InFlightPublish[] {
    return this.#packets.all
      .filter((packet) => packet instanceof InFlightPublish)
      .filter(({ stage }) => stage !== 'discarded')
      .sort((a, b) => a.sequence - b.sequence)
  }

  #settle(entry: InFlightPublish, reasonCode: number): void {
    this.#packets.remove(entry)
    entry.subscriber.next({ reasonCode })
    entry.subscriber.complete()
  }

  #release(id: number, reasonCode?: number): void {
    this.#connection?.writer.acknowledge(PacketType.pubrel, id, reasonCode)
  }

  #write({ id, message }: InFlightPublish, isDuplicate: boolean, expiry: number | undefined): void {
    if (this.#connection === undefined) return
    const { writer, protocolVersion } = this.#connection
    writePublish(writer.block, message, { protocolVersion, packetId: id, isDuplicate, expiry })
    writer.commit(message.payload)
  }
}
