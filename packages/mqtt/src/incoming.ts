import { AntiphonError, type TransportEvent } from '@antiphon/core'
import type { IPublishPacket } from 'mqtt'
import { encodeAcknowledgement } from './encode.js'
import { toMessage } from './incoming-message.js'
import type { PacketWriter } from './packet-writer.js'

/** A message that came at QoS 1 or 2 and was not acknowledged yet. */
interface Receipt {
  readonly id: number
  readonly qos: 1 | 2
  readonly place: number
  isSent: boolean
}

const nothing = (): void => undefined

/**
 * The messages that arrive on one connection, and their acknowledgements.
 *
 * At QoS 2 a message is handed on when its PUBLISH comes, and PUBREC waits for `acknowledge`: from then on the
 * identifier is `handled`, and the same PUBLISH coming again is answered and goes no further [MQTT-4.3.3-10].
 */
export class Incoming {
  readonly #writer: PacketWriter
  readonly #handled: Set<number>
  readonly #aliases = new Map<number, string>()
  /** Identifiers of QoS 2 messages that were handed on and not acknowledged. */
  readonly #inHand = new Set<number>()
  #arrived = 0
  #unacknowledged = 0
  /** Unfit messages whose acknowledgement has its turn after those in hand [MQTT-4.6.0-2]. */
  #unfit: Receipt[] = []

  /** `handled` outlives the connection as the session does: the QoS 2 identifiers the broker has yet to release. */
  constructor(writer: PacketWriter, handled: Set<number>) {
    this.#writer = writer
    this.#handled = handled
  }

  /** What a PUBLISH comes to: an event, or nothing where it was handed on before. */
  publish(packet: IPublishPacket): TransportEvent | undefined {
    const { qos, messageId: id = 0 } = packet
    const topic = this.#topic(packet)
    if (qos === 0) return this.#toEvent(packet, topic, nothing)
    if (qos === 2 && this.#isRepeated(id)) return undefined
    const receipt: Receipt = { id, qos, place: ++this.#arrived, isSent: false }
    const event = this.#toEvent(packet, topic, () => this.#acknowledge(receipt))
    if (event.type === 'message') {
      this.#unacknowledged += 1
      if (qos === 2) this.#inHand.add(id)
    } else if (this.#unacknowledged === 0) this.#send(receipt)
    else this.#unfit.push(receipt)
    return event
  }

  /** The broker releases a QoS 2 message. */
  release(id: number): void {
    this.#handled.delete(id)
    encodeAcknowledgement(this.#writer.block, 'pubcomp', id)
    this.#writer.queued()
  }

  #isRepeated(id: number): boolean {
    if (this.#handled.has(id)) {
      this.#send({ id, qos: 2, place: 0, isSent: false })
      return true
    }
    return this.#inHand.has(id)
  }

  #toEvent(packet: IPublishPacket, topic: string, acknowledge: () => void): TransportEvent {
    const message = toMessage(packet, topic)
    if (typeof message !== 'string') return { type: 'message', message, acknowledge }
    const error = new AntiphonError('protocol', `the broker sent a message that is not valid: ${message}`, {
      topic,
    })
    return { type: 'malformed', error }
  }

  #topic({ topic, properties }: IPublishPacket): string {
    const alias = properties?.topicAlias
    if (alias === undefined) return topic
    if (topic !== '') this.#aliases.set(alias, topic)
    return this.#aliases.get(alias) ?? ''
  }

  #acknowledge(receipt: Receipt): void {
    if (receipt.isSent) return
    while (this.#unfit[0] !== undefined && this.#unfit[0].place < receipt.place) this.#sendUnfit()
    this.#send(receipt)
    this.#unacknowledged -= 1
    if (receipt.qos === 2) this.#inHand.delete(receipt.id)
    while (this.#unacknowledged === 0 && this.#unfit.length > 0) this.#sendUnfit()
  }

  #sendUnfit(): void {
    const receipt = this.#unfit.shift()
    if (receipt !== undefined) this.#send(receipt)
  }

  #send(receipt: Receipt): void {
    const { id, qos } = receipt
    receipt.isSent = true
    if (this.#writer.isClosed) return
    if (qos === 2) this.#handled.add(id)
    encodeAcknowledgement(this.#writer.block, qos === 2 ? 'pubrec' : 'puback', id)
    this.#writer.queued()
  }
}
