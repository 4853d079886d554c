import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { SchedulerLike, Subscriber } from 'rxjs'
import { encodeAcknowledgement, encodePublish } from './encode.js'
import { expired, InFlightPublish, lostWithSession, refusedByClosing } from './in-flight-publish.js'
import type { AwaitingPacket, PacketTable } from './packet-table.js'
import type { PacketWriter } from './packet-writer.js'
import { RefusalDetector } from './refusal-detector.js'

/** The connection as the outgoing messages see it. */
export interface OutgoingConnection {
  readonly writer: PacketWriter
  readonly protocolVersion: 4 | 5
  /** How many messages the broker takes unacknowledged [MQTT-3.3.4-7]. */
  readonly receiveMaximum: number
}

/** The broker's part in the exchange of a message. */
export interface AcknowledgementPacket {
  readonly cmd: 'puback' | 'pubrec' | 'pubcomp'
  readonly id: number
  readonly reasonCode: number
}

/** The QoS 1 and 2 messages of a session [MQTT-4.3.2] [MQTT-4.3.3], sent again when it is resumed [MQTT-4.4.0-1]. */
export class Outgoing {
  /** Our messages, among the other packets of the session. */
  readonly #packets: PacketTable<AwaitingPacket>
  readonly #scheduler: SchedulerLike
  readonly #suspicion = new RefusalDetector()
  readonly #waiting = new Set<InFlightPublish>()
  /** The suspect is out alone. */
  #isProbing = false
  #sentCount = 0
  #published = 0
  #connection: OutgoingConnection | undefined

  constructor(packets: PacketTable<AwaitingPacket>, scheduler: SchedulerLike) {
    this.#packets = packets
    this.#scheduler = scheduler
  }

  /** Sends a message, or keeps it until the broker has answered for enough others. */
  publish(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
    const id = this.#packets.nextId()
    if (id === undefined) {
      subscriber.error(
        new AntiphonError('overflow', 'all 65 535 packet identifiers are in use: wait for acknowledgements', {
          topic: message.topic,
          phase: 'before-network',
        }),
      )
      return
    }
    const since = message.messageExpiryInterval === undefined ? 0 : this.#scheduler.now()
    const entry = new InFlightPublish({ id, message, subscriber, since, order: (this.#published += 1) })
    this.#packets.add(entry)
    const connection = this.#connection
    if (this.#waiting.size === 0 && connection !== undefined && this.#hasRoomFor(entry, connection))
      this.#send(entry, connection)
    else this.#waiting.add(entry)
  }

  /** The broker still knows the session: everything unanswered goes out again, in order. */
  resume(connection: OutgoingConnection): void {
    this.#reset(connection)
    for (const entry of this.#inOrder) {
      if (entry.stage === 'received') {
        this.#sentCount += 1
        this.#release(entry.id)
      } else {
        entry.stage = 'waiting'
        this.#waiting.add(entry)
      }
    }
    this.#pump()
  }

  /** The broker knows nothing of us: whoever waits for an answer is told, and may send anew. */
  begin(connection: OutgoingConnection): void {
    const lost = this.#inOrder
    this.#packets.clear()
    this.#reset(connection)
    for (const entry of lost) entry.subscriber.error(lostWithSession(entry))
  }

  /**
   * The connection is gone; `isRefusal` when the broker ended it, for a reason that a message may have given it. Comes
   * back with what tells the sender of the message that is to blame, where there is one.
   */
  disconnected(writer: PacketWriter, isRefusal = false, reasonCode?: number): (() => void) | undefined {
    if (this.#connection?.writer !== writer) return undefined
    this.#connection = undefined
    const suspect = isRefusal ? this.#oldestUnanswered() : undefined
    if (suspect === undefined || !this.#suspicion.fallsOn(suspect.message)) return undefined
    // Its packet identifier stays taken: at QoS 2 the broker might know it, and take another message for this one.
    suspect.stage = 'given-up'
    return () => suspect.subscriber.error(refusedByClosing(suspect, reasonCode))
  }

  answered({ cmd, id, reasonCode }: AcknowledgementPacket): void {
    const entry = this.#packets.get(id)
    if (!(entry instanceof InFlightPublish) || entry.stage === 'given-up') {
      if (cmd === 'pubrec') this.#release(id, this.#connection?.protocolVersion === 5 ? 0x92 : 0)
      return
    }
    if (cmd === 'puback') this.#settle(entry, reasonCode)
    else if (cmd === 'pubcomp') this.#settle(entry, entry.reasonCode || reasonCode)
    else if (reasonCode >= 0x80) this.#settle(entry, reasonCode)
    else {
      entry.stage = 'received'
      entry.reasonCode = reasonCode
      this.#clearSuspicion(entry)
      this.#release(id)
      this.#pump()
    }
  }

  /** What is not answered, as it was first sent, which is the order of sending it again [MQTT-4.6.0-1]. */
  get #inOrder(): InFlightPublish[] {
    return this.#packets.all
      .filter((packet) => packet instanceof InFlightPublish)
      .filter(({ stage }) => stage !== 'given-up')
      .sort((a, b) => a.order - b.order)
  }

  #reset(connection: OutgoingConnection): void {
    this.#connection = connection
    this.#waiting.clear()
    this.#sentCount = 0
    this.#isProbing = false
  }

  #oldestUnanswered(): InFlightPublish | undefined {
    return this.#inOrder.find(({ stage }) => stage === 'sent')
  }

  #settle(entry: InFlightPublish, reasonCode: number): void {
    this.#drop(entry)
    if (entry.stage !== 'waiting') this.#sentCount -= 1
    entry.subscriber.next({ reasonCode })
    entry.subscriber.complete()
    this.#pump()
  }

  #drop(entry: InFlightPublish): void {
    this.#packets.remove(entry)
    this.#waiting.delete(entry)
    this.#clearSuspicion(entry)
  }

  #clearSuspicion({ message }: InFlightPublish): void {
    if (!this.#suspicion.isUnder(message)) return
    this.#suspicion.clear()
    this.#isProbing = false
  }

  #release(id: number, reasonCode?: number): void {
    const writer = this.#connection?.writer
    if (writer === undefined) return
    encodeAcknowledgement(writer.block, 'pubrel', id, reasonCode)
    writer.queued()
  }

  #pump(): void {
    if (this.#waiting.size === 0) return
    for (const entry of this.#waiting) {
      const connection = this.#connection
      if (connection === undefined || !this.#hasRoomFor(entry, connection)) return
      this.#waiting.delete(entry)
      this.#send(entry, connection)
    }
  }

  #hasRoomFor({ message }: InFlightPublish, { receiveMaximum }: OutgoingConnection): boolean {
    if (this.#isProbing || this.#sentCount >= receiveMaximum) return false
    return this.#sentCount === 0 || !this.#suspicion.isUnder(message)
  }

  #send(entry: InFlightPublish, { writer, protocolVersion }: OutgoingConnection): void {
    const { id, message, wasSent } = entry
    if (!wasSent && entry.subscriber.closed) {
      this.#drop(entry)
      return
    }
    const expiry = this.#expiryLeft(entry)
    if (expiry !== undefined && expiry <= 0) {
      this.#drop(entry)
      entry.subscriber.error(expired(entry))
      return
    }
    this.#sentCount += 1
    this.#isProbing = this.#suspicion.isUnder(message)
    entry.stage = 'sent'
    entry.wasSent = true
    encodePublish(writer.block, message, { protocolVersion, id, isAgain: wasSent, expiry })
    writer.queued(message.payload)
  }

  /**
   * Whole seconds. A QoS 2 message that was sent never runs out: the broker may hold its packet identifier, and would
   * take the next message under it for this one.
   */
  #expiryLeft({ message, since, wasSent }: InFlightPublish): number | undefined {
    const { messageExpiryInterval, qos } = message
    if (messageExpiryInterval === undefined) return undefined
    const left = Math.ceil(messageExpiryInterval - (this.#scheduler.now() - since) / 1000)
    return qos === 2 && wasSent ? Math.max(left, 1) : left
  }
}
