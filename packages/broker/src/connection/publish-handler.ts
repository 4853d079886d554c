import { isUtf8 } from 'node:buffer'
import {
  PacketError,
  PacketType,
  Reason,
  acknowledgementWithReason,
  describeReason,
  malformed,
  protocolError,
} from '@antiphon/packet'
import type { Publisher } from '../authority/publisher.js'
import type { ConnectRequest } from '../packet/connect.js'
import { readPublish, toPublication } from '../packet/publish.js'
import type { InboundPublish } from '../packet/publish.js'
import type { Publication } from '../packet/publication.js'
import { isFailure } from '../packet/reason.js'
import { topicLimitFault } from '../packet/topic-limits.js'
import { notAcknowledged } from '../routing/publish-pipeline.js'
import type { Session } from '../session/session.js'
import type { PacketHandlerHost } from './packet-handler.js'
import { TopicAliases } from './topic-aliases.js'

/** The handler of the messages that one connection publishes: PUBLISH, its acknowledgement, and PUBREL. */
export class PublishHandler {
  readonly #host: PacketHandlerHost
  readonly #session: Session
  readonly #request: ConnectRequest
  readonly #publisher: Publisher
  readonly #receiveMaximum: number
  #aliases: TopicAliases | undefined

  constructor(host: PacketHandlerHost, session: Session, request: ConnectRequest, publisher: Publisher) {
    this.#host = host
    this.#session = session
    this.#request = request
    this.#publisher = publisher
    this.#receiveMaximum = host.engine.settings.limits.receiveMaximum
  }

  /** Whether the number of unacknowledged QoS 1 messages has reached the Receive Maximum. */
  get isAtReceiveMaximum(): boolean {
    return this.#session.inbound.unacknowledgedQoS1 >= this.#receiveMaximum
  }

  /** Handles the PUBLISH at the framer. */
  publish(header: number): void {
    const { engine, framer } = this.#host
    const { version } = this.#request
    const { body } = framer
    const head = readPublish(header, body, version)
    const topic = this.#resolveTopic(head)
    this.#checkSupported(head)
    engine.counters.messagesIn++
    const { qos, packetId } = head
    if (qos === 0) {
      const publication = toPublication(body, topic, this.#session.clientId, engine.now())
      if (this.#hasValidPayload(head, publication))
        void engine.publishPipeline.publish(publication, this.#publisher)
      return
    }
    const { inbound } = this.#session
    const isDuplicate = qos === 2 && inbound.has(packetId)
    if (isDuplicate) {
      // A redelivery of a message that was already published [MQTT-4.3.3-10].
      if (inbound.hasSentPubrec(packetId)) this.#acknowledge(PacketType.pubrec, packetId, Reason.success)
      return
    }
    if (version === 5 && inbound.count >= this.#receiveMaximum) {
      const rule = `more than ${this.#receiveMaximum} messages are unacknowledged [MQTT-3.3.4-7]`
      throw new PacketError(Reason.receiveMaximumExceeded, rule)
    }
    const publication = toPublication(body, topic, this.#session.clientId, engine.now())
    if (!this.#hasValidPayload(head, publication)) {
      return this.#acknowledge(
        qos === 1 ? PacketType.puback : PacketType.pubrec,
        packetId,
        Reason.payloadFormatInvalid,
      )
    }
    if (qos === 2) {
      inbound.begin(packetId)
      engine.journal?.inbound(this.#session, packetId, true)
    } else {
      inbound.unacknowledgedQoS1++
    }
    const outcome = engine.publishPipeline.publish(publication, this.#publisher)
    const finish = (code: number): void => this.#finish(qos, packetId, code)
    if (typeof outcome !== 'number') outcome.then(finish).catch(this.#host.fail)
    // The Packet Identifier must be durable before PUBREC lets the client discard the message [MQTT-4.3.3-11].
    else if (qos === 2 && engine.journal !== undefined) engine.journal.whenDurable(() => finish(outcome))
    else finish(outcome)
  }

  /** Acknowledges a QoS 1 or 2 message with its outcome. */
  #finish(qos: number, packetId: number, outcome: number): void {
    const { inbound, peer } = this.#session
    const isOpen = this.#host.isOpen()
    const isReported = this.#request.version === 5 || !isFailure(outcome)
    if (qos === 1) {
      if (!isOpen) return
      const wasAtMaximum = this.isAtReceiveMaximum
      inbound.unacknowledgedQoS1--
      if (outcome !== notAcknowledged) this.#acknowledge(PacketType.puback, packetId, outcome)
      // After the PUBACK, since the next packet may be acknowledged at once [MQTT-4.6.0-2].
      if (wasAtMaximum) this.#host.proceed()
      return
    }
    if (outcome === notAcknowledged || (isFailure(outcome) && isReported)) {
      inbound.end(packetId)
      this.#host.engine.journal?.inbound(this.#session, packetId, false)
    } else {
      inbound.pubrecSent(packetId)
    }
    if (outcome === notAcknowledged) return
    if (isOpen) this.#acknowledge(PacketType.pubrec, packetId, outcome)
    // The client has reconnected and sent the message again; this PUBREC acknowledges the first copy.
    else if (peer !== null) peer.received(packetId, outcome)
  }

  /** Resolves or defines a Topic Alias [MQTT-3.3.2-7..12]. */
  #resolveTopic(head: Readonly<InboundPublish>): string {
    const { topic, properties } = head
    const { alias } = properties
    if (alias === 0) {
      if (topic !== '') return this.#checkTopic(topic)
      throw this.#request.version === 5
        ? protocolError('PUBLISH has neither a Topic Name nor a Topic Alias')
        : malformed('the Topic Name is empty [MQTT-4.7.3-1]')
    }
    const aliases = (this.#aliases ??= new TopicAliases(this.#host.engine.settings.limits))
    aliases.check(alias)
    if (topic === '') return aliases.resolve(alias)
    aliases.define(alias, this.#checkTopic(topic))
    return topic
  }

  #checkTopic(topic: string): string {
    const fault = topicLimitFault(topic, this.#host.engine.settings.limits)
    if (fault !== undefined) throw new PacketError(Reason.topicNameInvalid, fault)
    return topic
  }

  #checkSupported(head: Readonly<InboundPublish>): void {
    const { maximumQoS, retainAvailable } = this.#host.engine.settings
    if (head.qos > maximumQoS)
      throw new PacketError(
        Reason.qosNotSupported,
        `the QoS is ${head.qos}: the Maximum QoS is ${maximumQoS} [MQTT-3.2.2-11]`,
      )
    if (head.retain && !retainAvailable)
      throw new PacketError(
        Reason.retainNotSupported,
        'RETAIN is set: this broker does not support retained messages [MQTT-3.2.2-14]',
      )
  }

  /** Whether a payload with Payload Format Indicator 1 is UTF-8. */
  #hasValidPayload(head: Readonly<InboundPublish>, publication: Publication): boolean {
    return (
      !head.properties.payloadFormatIndicator ||
      !this.#host.engine.settings.checksPayloadFormat ||
      isUtf8(publication.payload)
    )
  }

  /** Handles PUBREL: frees the Packet Identifier, and sends PUBCOMP when that is durable. */
  release(packetId: number): void {
    const { inbound } = this.#session
    const { journal } = this.#host.engine
    if (inbound.has(packetId) && !inbound.hasSentPubrec(packetId))
      throw protocolError(`PUBREL before PUBREC, ${packetId}`)
    const reasonCode = inbound.end(packetId) ? Reason.success : Reason.packetIdentifierNotFound
    if (journal === undefined || reasonCode !== Reason.success)
      return this.#acknowledge(PacketType.pubcomp, packetId, reasonCode)
    journal.inbound(this.#session, packetId, false)
    journal.whenDurable(() => {
      if (this.#host.isOpen()) this.#acknowledge(PacketType.pubcomp, packetId, reasonCode)
    })
  }

  #acknowledge(header: number, packetId: number, reasonCode: number): void {
    const { writeBuffer } = this.#host
    const { version, requestProblemInformation, maximumPacketSize } = this.#request
    if (version === 5 && requestProblemInformation && isFailure(reasonCode)) {
      const explained = acknowledgementWithReason(header, packetId, reasonCode, describeReason(reasonCode))
      if (explained.length <= maximumPacketSize) return writeBuffer.append(explained) // [MQTT-3.4.2-2]
    }
    writeBuffer.acknowledge(version, header, packetId, reasonCode)
  }
}
