import { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import type { ArrivedPublish } from './decode.js'
import { encodeAcknowledgement } from './encode.js'
import type { PacketWriter } from './packet-writer.js'

/** A message that came at QoS 1 or 2 and was not acknowledged yet. */
interface Receipt {
  readonly id: number
  readonly qos: 1 | 2
  readonly place: number
  isSent: boolean
}

/** What the messages of one connection work with. */
export interface IncomingParts {
  readonly writer: PacketWriter
  /** Outlives the connection as the session does: the QoS 2 identifiers the broker has yet to release. */
  readonly handled: Set<number>
  /** How many topic aliases the broker may use. */
  readonly topicAliasMaximum: number
}

const nothing = (): void => undefined

/**
 * The messages that arrive on one connection, and their acknowledgements.
 *
 * At QoS 2 a message is handed on when its PUBLISH comes, and PUBREC waits for `acknowledge`: from then on the
 * identifier is `handled`, and the same PUBLISH coming again is answered and goes no further [MQTT-4.3.3-10].
 */
export class Incoming {
  readonly #parts: IncomingParts
  readonly #aliases = new Map<number, string>()
  /** Identifiers of QoS 2 messages that were handed on and not acknowledged. */
  readonly #inHand = new Set<number>()
  #arrived = 0
  #unacknowledged = 0
  /** Unfit messages whose acknowledgement has its turn after those in hand [MQTT-4.6.0-2]. */
  #unfit: Receipt[] = []

  constructor(parts: IncomingParts) {
    this.#parts = parts
  }

  /** What a PUBLISH comes to: an event, or nothing where it was handed on before. Throws on an alias that stands for nothing. */
  publish(publish: ArrivedPublish): TransportEvent | undefined {
    const { message, id } = publish
    const { qos } = message
    if (publish.alias !== 0) message.topic = this.#topic(message.topic, publish.alias)
    if (qos === 0) return toEvent(publish, nothing)
    if (qos === 2 && this.#isRepeated(id)) return undefined
    const receipt: Receipt = { id, qos, place: ++this.#arrived, isSent: false }
    const event = toEvent(publish, () => this.#acknowledge(receipt))
    if (event.type === 'message') {
      this.#unacknowledged += 1
      if (qos === 2) this.#inHand.add(id)
    } else if (this.#unacknowledged === 0) this.#send(receipt)
    else this.#unfit.push(receipt)
    return event
  }

  /** The broker releases a QoS 2 message. */
  release(id: number): void {
    const { handled, writer } = this.#parts
    handled.delete(id)
    encodeAcknowledgement(writer.block, 'pubcomp', id)
    writer.queued()
  }

  #isRepeated(id: number): boolean {
    if (this.#parts.handled.has(id)) {
      this.#send({ id, qos: 2, place: 0, isSent: false })
      return true
    }
    return this.#inHand.has(id)
  }

  #topic(said: string, alias: number): string {
    const { topicAliasMaximum } = this.#parts
    if (alias > topicAliasMaximum) {
      throw new Error(`the topic alias ${alias} is more than the ${topicAliasMaximum} allowed [MQTT-3.3.2-9]`)
    }
    if (said !== '') this.#aliases.set(alias, said)
    const topic = this.#aliases.get(alias)
    if (topic === undefined) throw new Error(`the topic alias ${alias} stands for nothing yet`)
    return topic
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
    const { writer, handled } = this.#parts
    receipt.isSent = true
    if (writer.isClosed) return
    if (qos === 2) handled.add(id)
    encodeAcknowledgement(writer.block, qos === 2 ? 'pubrec' : 'puback', id)
    writer.queued()
  }
}

function toEvent({ message, fault }: ArrivedPublish, acknowledge: () => void): TransportEvent {
  const { topic } = message
  const reason = fault ?? topicFault(topic)
  if (reason === undefined) return { type: 'message', message, acknowledge }
  const error = new AntiphonError('protocol', `the broker sent a message that is not valid: ${reason}`, {
    topic,
  })
  return { type: 'malformed', error }
}

function topicFault(topic: string): string | undefined {
  if (topic === '') return 'its topic is empty [MQTT-4.7.3-1]'
  const isWild = topic.includes('+') || topic.includes('#')
  return isWild
    ? `its topic ${JSON.stringify(topic.slice(0, 80))} holds a wildcard [MQTT-3.3.2-2]`
    : undefined
}
