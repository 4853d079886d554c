import { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import { PacketError, PacketType, protocolError, Reason, type ReceivedPublish } from '@antiphon/packet'
import type { PacketWriter } from './packet-writer.js'

/** A received QoS 1 or 2 message until its acknowledgement is sent. */
interface Receipt {
  readonly id: number
  readonly qos: 1 | 2
  readonly position: number
  isSent: boolean
}

/** What `InboundMessages` is created from. */
export interface InboundParts {
  readonly writer: PacketWriter
  /** Packet Identifiers of QoS 2 messages for which PUBREC was sent and PUBREL is awaited; part of the session. */
  readonly unreleased: Set<number>
  /** How many Topic Aliases the broker may use. */
  readonly topicAliasMaximum: number
}

const noop = (): void => undefined

/**
 * Receives the messages of one connection and sends their acknowledgements.
 *
 * A QoS 2 message is emitted when its PUBLISH arrives, and PUBREC is sent on `acknowledge`. From then on its Packet
 * Identifier is in `unreleased`, and a redelivery is answered with PUBREC and not emitted again [MQTT-4.3.3-10].
 */
export class InboundMessages {
  readonly #parts: InboundParts
  readonly #aliases = new Map<number, string>()
  /** Packet Identifiers of QoS 2 messages that were emitted and are not acknowledged yet. */
  readonly #emitted = new Set<number>()
  #receivedCount = 0
  #unacknowledgedCount = 0
  /** Malformed messages to acknowledge after the earlier unacknowledged ones [MQTT-4.6.0-2]. */
  #malformed: Receipt[] = []

  constructor(parts: InboundParts) {
    this.#parts = parts
  }

  /** Returns the event for a PUBLISH, or `undefined` for a redelivery. Throws on an unknown Topic Alias. */
  publish(publish: ReceivedPublish): TransportEvent | undefined {
    const { message, packetId: id } = publish
    const { qos } = message
    if (publish.alias !== 0) message.topic = this.#topic(message.topic, publish.alias)
    if (qos === 0) return toEvent(publish, noop)
    if (qos === 2 && this.#isRedelivery(id)) return undefined
    const receipt: Receipt = { id, qos, position: ++this.#receivedCount, isSent: false }
    const event = toEvent(publish, () => this.#acknowledge(receipt))
    if (event.type === 'message') {
      this.#unacknowledgedCount += 1
      if (qos === 2) this.#emitted.add(id)
    } else if (this.#unacknowledgedCount === 0) this.#send(receipt)
    else this.#malformed.push(receipt)
    return event
  }

  /** Handles the PUBREL of a QoS 2 message and sends PUBCOMP. */
  release(id: number): void {
    const { unreleased, writer } = this.#parts
    unreleased.delete(id)
    writer.acknowledge(PacketType.pubcomp, id)
  }

  #isRedelivery(id: number): boolean {
    if (this.#parts.unreleased.has(id)) {
      this.#send({ id, qos: 2, position: 0, isSent: false })
      return true
    }
    return this.#emitted.has(id)
  }

  /** Returns the topic for a Topic Alias. A non-empty `name` sets the alias. */
  #topic(name: string, alias: number): string {
    const { topicAliasMaximum } = this.#parts
    if (alias > topicAliasMaximum) {
      throw new PacketError(
        Reason.topicAliasInvalid,
        `the broker sent the Topic Alias ${alias}: the Topic Alias Maximum is ${topicAliasMaximum} [MQTT-3.3.2-9]`,
      )
    }
    if (name !== '') this.#aliases.set(alias, name)
    const topic = this.#aliases.get(alias)
    if (topic === undefined) throw protocolError(`the broker sent the Topic Alias ${alias} before its topic`)
    return topic
  }

  #acknowledge(receipt: Receipt): void {
    if (receipt.isSent) return
    while (this.#malformed[0] !== undefined && this.#malformed[0].position < receipt.position)
      this.#acknowledgeMalformed()
    this.#send(receipt)
    this.#unacknowledgedCount -= 1
    if (receipt.qos === 2) this.#emitted.delete(receipt.id)
    while (this.#unacknowledgedCount === 0 && this.#malformed.length > 0) this.#acknowledgeMalformed()
  }

  #acknowledgeMalformed(): void {
    const receipt = this.#malformed.shift()
    if (receipt !== undefined) this.#send(receipt)
  }

  #send(receipt: Receipt): void {
    const { id, qos } = receipt
    const { writer, unreleased } = this.#parts
    receipt.isSent = true
    if (writer.isClosed) return
    if (qos === 2) unreleased.add(id)
    writer.acknowledge(qos === 2 ? PacketType.pubrec : PacketType.puback, id)
  }
}

function toEvent({ message, fault }: ReceivedPublish, acknowledge: () => void): TransportEvent {
  const { topic } = message
  const reason = fault?.message ?? topicFault(topic)
  if (reason === undefined) return { type: 'message', message, acknowledge }
  const error = new AntiphonError('protocol', `the broker sent an invalid message: ${reason}`, {
    topic,
  })
  return { type: 'malformed', error }
}

function topicFault(topic: string): string | undefined {
  if (topic === '') return 'its topic is empty [MQTT-4.7.3-1]'
  const hasWildcard = topic.includes('+') || topic.includes('#')
  return hasWildcard
    ? `its topic ${JSON.stringify(topic.slice(0, 80))} contains a wildcard [MQTT-3.3.2-2]`
    : undefined
}
