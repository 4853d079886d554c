import type { Publication } from '../packet/publication.js'
import { Reason, isFailure } from '../packet/reason.js'
import type { SharedGroup } from '../routing/shared-group.js'
import { Backlog } from './backlog.js'
import { newDelivery } from './outbound-message.js'
import type { OutboundMessage, DeliveryLoss, DeliveryOptions, DeliveryTracker } from './outbound-message.js'
import { InFlightMessages } from './in-flight-messages.js'
import { Replay } from './replay.js'
import type { ReplayRequest } from './replay.js'
import type { SessionHost } from './session-host.js'
import type { Session } from './session.js'

/** The way down: what a session has yet to receive, and what it was sent and has not acknowledged. */
export class OutboundQueue {
  readonly #session: Session
  readonly #host: SessionHost
  readonly #inFlight = new InFlightMessages()
  #backlog: Backlog | null = null
  #replay: Replay | null = null
  /** What was in flight when the client came back, to be sent again in order. */
  #resend: OutboundMessage[] = []
  #heldBytes = 0
  #window = 0

  constructor(session: Session, host: SessionHost) {
    this.#session = session
    this.#host = host
  }

  get inFlightCount(): number {
    return this.#inFlight.size
  }

  get queuedCount(): number {
    return this.#backlog?.length ?? 0
  }

  /** Bytes of what is in flight and queued. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether it could take another QoS 1 message at once. */
  get isReady(): boolean {
    return (
      this.#session.peer !== null && this.queuedCount === 0 && this.#resend.length === 0 && this.#hasRoom()
    )
  }

  /** A connection has come that takes that many messages at a time; it is sent nothing before `pump`. */
  attach(receiveMaximum: number): void {
    this.#window = Math.min(receiveMaximum, this.#host.limits.inFlight)
    this.#resend = this.#inFlight.restart()
  }

  /** The connection is gone, and with it what was taken back while it was there. */
  detach(): void {
    this.#resend = []
    for (const delivery of this.#inFlight.all()) {
      if (!delivery.isWithdrawn) continue
      this.#forget(delivery)
      delivery.tracker?.lost('expired')
    }
  }

  /** Sends at QoS 0, or not: what cannot be sent now is not kept. */
  deliverAtMostOnce(publication: Publication, retain: boolean, identifiers: readonly number[] | null): void {
    const { peer } = this.#session
    if (peer === null) return
    const flags = retain ? 1 : 0
    if (peer.isFull) this.#host.dropped(this.#session, publication, 'slow-consumer')
    else if (!peer.publish(publication, flags, 0, identifiers))
      this.#host.dropped(this.#session, publication, 'too-large')
  }

  /** Sends at QoS 1 or 2 now or later; `false` when the queue has no room. */
  deliver(publication: Publication, options: DeliveryOptions): boolean {
    const { size } = publication
    if (!this.#fits(size) && !this.#makeRoom(publication, options.tracker)) return false
    const delivery = newDelivery(publication, options)
    this.#heldBytes += size
    if (this.#session.storedAs !== 0) this.#keep(delivery)
    else if (this.isReady) this.#send(delivery)
    else this.#queue(delivery)
    return true
  }

  /** Sends retained messages for a new subscription, as fast as the client reads them. */
  replay(request: ReplayRequest): void {
    ;(this.#replay ??= new Replay(this.#session, this.#host)).add(request)
    this.#pumpReplay()
  }

  /** Sends no more retained messages for a subscription that has ended. */
  endReplay(filter: string): void {
    this.#replay?.drop(filter)
  }

  /** Takes back a delivery that the storage kept. */
  restore(delivery: OutboundMessage): void {
    this.#heldBytes += delivery.publication.size
    if (delivery.wasSent) return this.#inFlight.add(delivery)
    this.#inFlight.reserve(delivery)
    this.#queue(delivery)
  }

  /** PUBACK: the receiver has a QoS 1 message, or refuses it; both end it [MQTT-4.4.0-2], a shared one for good [MQTT-4.8.2-6]. */
  acknowledged(packetId: number, reasonCode: number): void {
    const delivery = this.#inFlight.get(packetId)
    if (delivery?.qos === 1) this.#finish(delivery, reasonCode)
  }

  /** PUBREC: the receiver has a QoS 2 message, or refuses it. */
  received(packetId: number, reasonCode: number): void {
    const session = this.#session
    const delivery = this.#inFlight.get(packetId)
    if (delivery?.qos !== 2) return session.peer?.release(packetId, Reason.packetIdentifierNotFound)
    if (isFailure(reasonCode)) return this.#finish(delivery, reasonCode)
    if (!delivery.isReceived) {
      delivery.isReceived = true
      delivery.tracker?.acknowledged(reasonCode)
    }
    const { journal } = this.#host
    const { peer } = session
    if (journal === undefined || session.storedAs === 0) return peer?.release(packetId, Reason.success)
    journal.delivery(session, delivery)
    journal.whenDurable(() => {
      if (session.peer === peer) peer?.release(packetId, Reason.success)
    })
  }

  /** PUBCOMP: the receiver of a QoS 2 message has forgotten its number. */
  completed(packetId: number): void {
    const delivery = this.#inFlight.get(packetId)
    if (delivery?.isReceived === true) this.#finish(delivery, Reason.success)
  }

  /** Sends as much as may go now: again what was in flight, in order [MQTT-4.4.0-1], then what has been waiting. */
  pump(): void {
    while (this.#session.peer !== null && this.#hasRoom()) {
      const delivery = this.#resend.shift() ?? this.#nextWaiting()
      if (delivery === undefined) break
      const isNew = !delivery.wasSent
      this.#send(delivery)
      // That it was sent is written down without waiting: it only decides on the DUP of a later life.
      if (isNew && delivery.storedAs !== 0) this.#host.journal?.delivery(this.#session, delivery)
    }
    this.#pumpReplay()
  }

  /**
   * Takes back what was not sent, or at QoS 1 was sent on a connection that is gone; tells whether there was such a thing.
   * What a client holds just now is not sent again. At QoS 2 what was begun is completed [MQTT-4.3.3-3].
   */
  withdraw(tracker: DeliveryTracker): boolean {
    const isIts = (delivery: OutboundMessage): boolean => delivery.tracker === tracker
    const waiting = this.#backlog?.extract(isIts) ?? []
    const sent = this.#inFlight.all().filter((delivery) => isIts(delivery) && delivery.qos === 1)
    const isHere = ({ isOutstanding }: OutboundMessage): boolean =>
      this.#session.peer !== null && isOutstanding
    for (const delivery of sent.filter(isHere)) {
      delivery.isWithdrawn = true
      // No later life of the broker sends it either.
      this.#host.journal?.finished(this.#session, delivery)
    }
    const gone = sent.filter((delivery) => !isHere(delivery))
    this.#resend = this.#resend.filter((delivery) => !gone.includes(delivery))
    const taken = [...waiting, ...gone]
    for (const delivery of taken) this.#forget(delivery)
    return taken.length > 0
  }

  /** Hands over what shared groups gave it and it has not acknowledged; QoS 2 that was sent stays [MQTT-4.8.2-4]. */
  surrender(isWanted: (group: SharedGroup) => boolean): OutboundMessage[] {
    const isMovable = ({ group, qos, wasSent }: OutboundMessage): boolean =>
      group !== null && !(qos === 2 && wasSent) && isWanted(group)
    const sent = this.#inFlight.all().filter(isMovable)
    const moved = [...sent, ...(this.#backlog?.extract(isMovable) ?? [])]
    for (const delivery of moved) this.#forget(delivery)
    return moved
  }

  /** Drops everything, for the session is over. */
  clear(): void {
    const all = [...this.#inFlight.all(), ...(this.#backlog ?? [])]
    this.#backlog = this.#replay = null
    this.#resend = []
    for (const delivery of all) this.#lose(delivery, 'session-ended')
  }

  /** A stored delivery: QoS 2 leaves only when it is safe, or a crash could make two of it. */
  #keep(delivery: OutboundMessage): void {
    const { journal } = this.#host
    if (delivery.qos === 1 && this.isReady) {
      this.#send(delivery)
      if (delivery.isOutstanding) journal?.delivery(this.#session, delivery)
      return
    }
    // Its identifier is written down with it, so that a later life sends it under the same one [MQTT-4.4.0-1].
    this.#inFlight.reserve(delivery)
    journal?.delivery(this.#session, delivery)
    this.#queue(delivery)
    if (delivery.qos === 1) return
    delivery.isHeld = true
    journal?.whenDurable(() => {
      delivery.isHeld = false
      this.pump()
    })
  }

  #queue(delivery: OutboundMessage): void {
    ;(this.#backlog ??= new Backlog()).push(delivery)
  }

  #nextWaiting(): OutboundMessage | undefined {
    return this.#backlog?.peek()?.isHeld === true ? undefined : this.#backlog?.shift()
  }

  #pumpReplay(): void {
    if (this.#replay?.pump() === true) this.#replay = null
  }

  #hasRoom(): boolean {
    const { outstanding, outstandingBytes } = this.#inFlight
    if (outstanding >= this.#window || this.#session.peer?.isFull === true) return false
    return outstandingBytes < this.#host.limits.inFlightBytes || outstanding === 0
  }

  #fits(size: number): boolean {
    const { queueMessages, queueBytes } = this.#host.limits
    return this.inFlightCount + this.queuedCount < queueMessages && this.#heldBytes + size <= queueBytes
  }

  /** Does with a full queue what the policy says; `false` when the new message has to go. */
  #makeRoom(publication: Publication, tracker: DeliveryTracker | null): boolean {
    const { queuePolicy, later, dropped, now } = this.#host
    for (const expired of this.#backlog?.extractExpired(now()) ?? []) this.#lose(expired, 'expired')
    if (this.#fits(publication.size)) return true
    while (queuePolicy === 'drop-oldest' && this.queuedCount > 0) {
      this.#lose(this.#backlog?.shift() as OutboundMessage, 'queue-full')
      if (this.#fits(publication.size)) return true
    }
    const { peer } = this.#session
    // Not at once: the message may be on its way to others, which must not see the ground shift.
    if (queuePolicy === 'disconnect') later(() => peer?.disconnect(Reason.quotaExceeded, 'its queue is full'))
    tracker?.lost('queue-full')
    dropped(this.#session, publication, 'queue-full')
    return false
  }

  #send(delivery: OutboundMessage): void {
    const { publication, qos, retain, identifiers, wasSent } = delivery
    const { peer } = this.#session
    if (peer === null) return
    // Only what nobody has begun to send is deleted [MQTT-3.3.2-5]; the rest is sent again, at no seconds left.
    if (!wasSent && publication.isExpired(this.#host.now())) return this.#lose(delivery, 'expired')
    if (delivery.isReceived) {
      peer.release(delivery.packetId, Reason.success)
    } else {
      this.#inFlight.add(delivery)
      const flags = (wasSent ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
      if (!peer.publish(publication, flags, delivery.packetId, identifiers))
        return this.#lose(delivery, 'too-large')
    }
    this.#inFlight.sent(delivery)
    if (wasSent) return
    delivery.wasSent = true
    delivery.tracker?.sent()
  }

  #finish(delivery: OutboundMessage, reasonCode: number): void {
    if (!delivery.isReceived) delivery.tracker?.acknowledged(reasonCode)
    if (!delivery.isOutstanding) this.#resend = this.#resend.filter((waiting) => waiting !== delivery)
    this.#forget(delivery)
    this.pump()
  }

  #lose(delivery: OutboundMessage, loss: DeliveryLoss): void {
    this.#forget(delivery)
    delivery.tracker?.lost(loss)
    this.#host.dropped(this.#session, delivery.publication, loss)
  }

  #forget(delivery: OutboundMessage): void {
    this.#inFlight.delete(delivery)
    this.#heldBytes -= delivery.publication.size
    this.#host.journal?.finished(this.#session, delivery)
  }
}
