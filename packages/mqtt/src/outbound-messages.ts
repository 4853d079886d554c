import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import { type Acknowledgement, PacketType, writePublish } from '@antiphon/packet'
import type { SchedulerLike, Subscriber } from 'rxjs'
import {
  expiredError,
  InFlightPublish,
  sessionLostError,
  refusedByClosingError,
} from './in-flight-publish.js'
import type { UnacknowledgedPacket, PacketTable } from './packet-table.js'
import type { PacketWriter } from './packet-writer.js'
import { RefusalDetector } from './refusal-detector.js'

/** The parts of a connection that outbound messages use. */
export interface OutboundConnection {
  readonly writer: PacketWriter
  readonly protocolVersion: 4 | 5
  /** The broker's Receive Maximum: how many messages may be unacknowledged [MQTT-3.3.4-7]. */
  readonly receiveMaximum: number
}

/** Sends the QoS 1 and 2 messages of a session [MQTT-4.3.2] [MQTT-4.3.3] and resends them on resumption [MQTT-4.4.0-1]. */
export class OutboundMessages {
  /** All unacknowledged packets of the session, SUBSCRIBE and UNSUBSCRIBE included. */
  readonly #packets: PacketTable<UnacknowledgedPacket>
  readonly #scheduler: SchedulerLike
  readonly #refusalDetector = new RefusalDetector()
  readonly #queued = new Set<InFlightPublish>()
  /** Whether the suspected message is in flight alone. */
  #isProbing = false
  #inFlightCount = 0
  #publishedCount = 0
  #connection: OutboundConnection | undefined

  constructor(packets: PacketTable<UnacknowledgedPacket>, scheduler: SchedulerLike) {
    this.#packets = packets
    this.#scheduler = scheduler
  }

  /** Sends a message, or queues it while as many as Receive Maximum are in flight. */
  publish(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
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
    const publishedAt = message.messageExpiryInterval === undefined ? 0 : this.#scheduler.now()
    const entry = new InFlightPublish({
      id,
      message,
      subscriber,
      publishedAt,
      sequence: (this.#publishedCount += 1),
    })
    this.#packets.add(entry)
    const connection = this.#connection
    if (this.#queued.size === 0 && connection !== undefined && this.#hasRoomFor(entry, connection))
      this.#send(entry, connection)
    else this.#queued.add(entry)
  }

  /** Resends all unacknowledged messages in order, since the broker has resumed the session. */
  resume(connection: OutboundConnection): void {
    this.#reset(connection)
    for (const entry of this.#pending) {
      if (entry.stage === 'received') {
        this.#inFlightCount += 1
        this.#release(entry.id)
      } else {
        entry.stage = 'queued'
        this.#queued.add(entry)
      }
    }
    this.#sendQueued()
  }

  /** Fails all unacknowledged messages, since the broker has started a new session. */
  restart(connection: OutboundConnection): void {
    const lost = this.#pending
    this.#packets.clear()
    this.#reset(connection)
    for (const entry of lost) entry.subscriber.error(sessionLostError(entry))
  }

  /**
   * Handles the end of a connection. `isRefusal` means that the broker may have closed it because of a message. If the
   * detector confirms one, returns a function that fails this message.
   */
  disconnected(writer: PacketWriter, isRefusal = false, reasonCode?: number): (() => void) | undefined {
    if (this.#connection?.writer !== writer) return undefined
    this.#connection = undefined
    const suspect = isRefusal ? this.#oldestSent() : undefined
    if (suspect === undefined || !this.#refusalDetector.recordClose(suspect.message)) return undefined
    // Its Packet Identifier stays in use: at QoS 2 the broker may hold it and would drop another message as a duplicate.
    suspect.stage = 'refused'
    return () => suspect.subscriber.error(refusedByClosingError(suspect, reasonCode))
  }

  /** Handles a PUBACK, PUBREC or PUBCOMP. */
  acknowledge(type: number, { packetId: id, reasonCode }: Readonly<Acknowledgement>): void {
    const entry = this.#packets.get(id)
    if (!(entry instanceof InFlightPublish) || entry.stage === 'refused') {
      if (type === PacketType.pubrec) this.#release(id, this.#connection?.protocolVersion === 5 ? 0x92 : 0)
      return
    }
    if (type === PacketType.puback) this.#settle(entry, reasonCode)
    else if (type === PacketType.pubcomp) this.#settle(entry, entry.reasonCode || reasonCode)
    else if (reasonCode >= 0x80) this.#settle(entry, reasonCode)
    else {
      entry.stage = 'received'
      entry.reasonCode = reasonCode
      this.#clearSuspect(entry)
      this.#release(id)
      this.#sendQueued()
    }
  }

  /** The unacknowledged messages in the order of `publish`, which is the order of resending [MQTT-4.6.0-1]. */
  get #pending(): InFlightPublish[] {
    return this.#packets.all
      .filter((packet) => packet instanceof InFlightPublish)
      .filter(({ stage }) => stage !== 'refused')
      .sort((a, b) => a.sequence - b.sequence)
  }

  #reset(connection: OutboundConnection): void {
    this.#connection = connection
    this.#queued.clear()
    this.#inFlightCount = 0
    this.#isProbing = false
  }

  #oldestSent(): InFlightPublish | undefined {
    return this.#pending.find(({ stage }) => stage === 'sent')
  }

  #settle(entry: InFlightPublish, reasonCode: number): void {
    this.#drop(entry)
    if (entry.stage !== 'queued') this.#inFlightCount -= 1
    entry.subscriber.next({ reasonCode })
    entry.subscriber.complete()
    this.#sendQueued()
  }

  #drop(entry: InFlightPublish): void {
    this.#packets.remove(entry)
    this.#queued.delete(entry)
    this.#clearSuspect(entry)
  }

  #clearSuspect({ message }: InFlightPublish): void {
    if (!this.#refusalDetector.isSuspect(message)) return
    this.#refusalDetector.clear()
    this.#isProbing = false
  }

  #release(id: number, reasonCode?: number): void {
    this.#connection?.writer.acknowledge(PacketType.pubrel, id, reasonCode)
  }

  #sendQueued(): void {
    if (this.#queued.size === 0) return
    for (const entry of this.#queued) {
      const connection = this.#connection
      if (connection === undefined || !this.#hasRoomFor(entry, connection)) return
      this.#queued.delete(entry)
      this.#send(entry, connection)
    }
  }

  #hasRoomFor({ message }: InFlightPublish, { receiveMaximum }: OutboundConnection): boolean {
    if (this.#isProbing || this.#inFlightCount >= receiveMaximum) return false
    return this.#inFlightCount === 0 || !this.#refusalDetector.isSuspect(message)
  }

  #send(entry: InFlightPublish, { writer, protocolVersion }: OutboundConnection): void {
    const { id, message, wasSent } = entry
    if (!wasSent && entry.subscriber.closed) {
      this.#drop(entry)
      return
    }
    const expiry = this.#expiryLeft(entry)
    if (expiry !== undefined && expiry <= 0) {
      this.#drop(entry)
      entry.subscriber.error(expiredError(entry))
      return
    }
    this.#inFlightCount += 1
    this.#isProbing = this.#refusalDetector.isSuspect(message)
    entry.stage = 'sent'
    entry.wasSent = true
    writePublish(writer.block, message, { protocolVersion, packetId: id, isDuplicate: wasSent, expiry })
    writer.commit(message.payload)
  }

  /**
   * Returns the remaining expiry in whole seconds, rounded up. A QoS 2 message that was sent never expires here: the broker
   * may hold its Packet Identifier and would drop the next message with it as a duplicate.
   */
  #expiryLeft({ message, publishedAt, wasSent }: InFlightPublish): number | undefined {
    const { messageExpiryInterval, qos } = message
    if (messageExpiryInterval === undefined) return undefined
    const left = Math.ceil(messageExpiryInterval - (this.#scheduler.now() - publishedAt) / 1000)
    return qos === 2 && wasSent ? Math.max(left, 1) : left
  }
}
