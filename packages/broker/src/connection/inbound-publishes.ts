import { isUtf8 } from 'node:buffer'
import type { Publisher } from '../authority/publisher.js'
import { Header, explainedAcknowledgement, writeAcknowledgement } from '../packet/acknowledgement.js'
import type { ConnectRequest } from '../packet/connect.js'
import { Cursor } from '../packet/cursor.js'
import { readPublish, toPublication } from '../packet/publish.js'
import type { PublishHead } from '../packet/publish.js'
import type { Publication } from '../packet/publication.js'
import { Reason, isFailure, reasonText } from '../packet/reason.js'
import { topicExcess } from '../packet/topic-limits.js'
import { malformed, protocolError, violation } from '../packet/violation.js'
import { unanswered } from '../routing/intake.js'
import type { Session } from '../session/session.js'
import type { ClientConnectionHost } from './client-connection.js'

/** The way up: what a client publishes, from its PUBLISH to our last word about it. */
export class InboundPublishes {
  readonly #host: ClientConnectionHost
  readonly #session: Session
  readonly #request: ConnectRequest
  readonly #publisher: Publisher
  readonly #receiveMaximum: number
  #aliases: Map<number, string> | null = null

  constructor(host: ClientConnectionHost, session: Session, request: ConnectRequest, publisher: Publisher) {
    this.#host = host
    this.#session = session
    this.#request = request
    this.#publisher = publisher
    this.#receiveMaximum = host.engine.settings.limits.receiveMaximum
  }

  /** Whether as many QoS 1 messages are unanswered as may be. */
  get isHeld(): boolean {
    return this.#session.inbound.unansweredQoS1 >= this.#receiveMaximum
  }

  /** Takes the PUBLISH at the framer. */
  publish(header: number): void {
    const { engine, framer } = this.#host
    const { version } = this.#request
    const cursor = new Cursor(framer.bytes, framer.bodyAt, framer.end)
    const head = readPublish(header, cursor, version)
    const topic = this.#resolveTopic(head)
    this.#checkOffers(head)
    engine.counters.messagesIn++
    const { qos, packetId } = head
    if (qos === 0) {
      const publication = toPublication(cursor, topic, this.#session.clientId, engine.now())
      if (this.#isFit(head, publication)) void engine.intake.take(publication, this.#publisher)
      return
    }
    const { inbound } = this.#session
    const isRepeated = qos === 2 && inbound.has(packetId)
    if (isRepeated) {
      // The same message again, whose first copy is on its way already [MQTT-4.3.3-10].
      if (inbound.isAnswered(packetId)) this.#answer(Header.pubrec, packetId, Reason.success)
      return
    }
    if (version === 5 && inbound.count >= this.#receiveMaximum) {
      const rule = `more than ${this.#receiveMaximum} messages are unanswered [MQTT-3.3.4-7]`
      throw violation(Reason.receiveMaximumExceeded, rule)
    }
    const publication = toPublication(cursor, topic, this.#session.clientId, engine.now())
    if (!this.#isFit(head, publication)) {
      return this.#answer(qos === 1 ? Header.puback : Header.pubrec, packetId, Reason.payloadFormatInvalid)
    }
    if (qos === 2) {
      inbound.begin(packetId)
      engine.journal?.inbound(this.#session, packetId, true)
    } else {
      inbound.unansweredQoS1++
    }
    const outcome = engine.intake.take(publication, this.#publisher)
    const conclude = (code: number): void => this.#conclude(qos, packetId, code)
    if (typeof outcome !== 'number') outcome.then(conclude).catch(this.#host.fail)
    // That it has come must be known for good before its sender forgets it [MQTT-4.3.3-11].
    else if (qos === 2 && engine.journal !== undefined) engine.journal.whenDurable(() => conclude(outcome))
    else conclude(outcome)
  }

  /** Answers a QoS 1 or 2 publish with its outcome. */
  #conclude(qos: number, packetId: number, outcome: number): void {
    const { inbound, peer } = this.#session
    const isHere = this.#host.isOpen()
    const isSaid = this.#request.version === 5 || !isFailure(outcome)
    if (qos === 1) {
      if (!isHere) return
      const wasHeld = this.isHeld
      inbound.unansweredQoS1--
      if (outcome !== unanswered) this.#answer(Header.puback, packetId, outcome)
      // After the answer: what is read next may be answered at once [MQTT-4.6.0-2].
      if (wasHeld) this.#host.proceed()
      return
    }
    if (outcome === unanswered || (isFailure(outcome) && isSaid)) {
      inbound.end(packetId)
      this.#host.engine.journal?.inbound(this.#session, packetId, false)
    } else {
      inbound.answered(packetId)
    }
    if (outcome === unanswered) return
    if (isHere) this.#answer(Header.pubrec, packetId, outcome)
    // The client came back meanwhile and sent the message again: its first copy is what it hears of.
    else if (peer !== null) peer.received(packetId, outcome)
  }

  /** Reads an alias, or takes a new one [MQTT-3.3.2-7..12]. */
  #resolveTopic(head: PublishHead): string {
    const { topic, alias } = head
    if (alias === 0) {
      if (topic !== '') return this.#checkTopic(topic)
      throw this.#request.version === 5
        ? protocolError('neither a topic name nor a Topic Alias [MQTT-3.3.2-8]')
        : malformed('the topic name is empty [MQTT-4.7.3-1]')
    }
    if (alias > this.#host.engine.settings.limits.topicAliases) {
      throw violation(Reason.topicAliasInvalid, `Topic Alias ${alias} is above the maximum [MQTT-3.3.2-9]`)
    }
    if (topic !== '') {
      ;(this.#aliases ??= new Map()).set(alias, this.#checkTopic(topic))
      return topic
    }
    const known = this.#aliases?.get(alias)
    if (known === undefined) throw protocolError(`Topic Alias ${alias} stands for no topic yet`)
    return known
  }

  #checkTopic(topic: string): string {
    const excess = topicExcess(topic, this.#host.engine.settings.limits)
    if (excess !== undefined) throw violation(Reason.topicNameInvalid, excess)
    return topic
  }

  #checkOffers(head: PublishHead): void {
    const { maximumQoS, retainAvailable } = this.#host.engine.settings
    if (head.qos > maximumQoS)
      throw violation(Reason.qosNotSupported, `QoS ${head.qos} is above ${maximumQoS} [MQTT-3.2.2-11]`)
    if (head.retain && !retainAvailable)
      throw violation(Reason.retainNotSupported, 'nothing is retained here [MQTT-3.2.2-14]')
  }

  /** Whether a payload that says it is text is text. */
  #isFit(head: PublishHead, publication: Publication): boolean {
    return (
      !head.isTextPayload || !this.#host.engine.settings.checksPayloadFormat || isUtf8(publication.payload)
    )
  }

  /** PUBREL: the message is over and its identifier free, once that is durable. */
  release(packetId: number): void {
    const { inbound } = this.#session
    const { journal } = this.#host.engine
    const reasonCode = inbound.end(packetId) ? Reason.success : Reason.packetIdentifierNotFound
    if (journal === undefined || reasonCode !== Reason.success)
      return this.#answer(Header.pubcomp, packetId, reasonCode)
    journal.inbound(this.#session, packetId, false)
    journal.whenDurable(() => {
      if (this.#host.isOpen()) this.#answer(Header.pubcomp, packetId, reasonCode)
    })
  }

  #answer(header: number, packetId: number, reasonCode: number): void {
    const { outbox } = this.#host
    const { version, wantsProblemInformation, maximumPacketSize } = this.#request
    if (version === 5 && wantsProblemInformation && isFailure(reasonCode)) {
      const explained = explainedAcknowledgement(header, packetId, reasonCode, reasonText(reasonCode))
      if (explained.length <= maximumPacketSize) return outbox.append(explained) // [MQTT-3.4.2-2]
    }
    const said = version === 5 ? reasonCode : Reason.success
    const at = outbox.reserve(said === 0 ? 4 : 5)
    writeAcknowledgement(outbox.room, at, header, packetId, said)
  }
}
