import { Reason, protocolError } from '@antiphon/packet'
import type { Limits } from '../limits.js'
import type { DeliveryLoss } from '../events.js'
import type { Publication } from '../packet/publication.js'
import { isFailure } from '../packet/reason.js'
import type { SharedGroup } from './shared-group.js'
import { Backlog } from './backlog.js'
import { isBoundToMember, newOutboundMessage } from './outbound-message.js'
import type { OutboundMessage, OutboundMessageOptions, DeliveryTracker } from './outbound-message.js'
import { InFlightMessages } from './in-flight-messages.js'
import { Replay } from './replay.js'
import type { ReplayRequest } from './replay.js'
import type { SessionHost } from './session-host.js'
import type { Session } from './session.js'

/** The outbound messages of a session: those that wait to be sent, and those in flight. */
export class OutboundQueue {
  readonly #session: Session
  readonly #host: SessionHost
  readonly #inFlight = new InFlightMessages()
  #backlog: Backlog | null = null
  #replay: Replay | null = null
  /** The messages to resend on the present connection, in order. */
  #resend: OutboundMessage[] = []
  #heldBytes = 0
  #sendWindow = 0

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

  /** The messages in flight, oldest first. */
  get inFlight(): readonly OutboundMessage[] {
    return this.#inFlight.all()
  }

  /** The messages that wait to be sent, oldest first. */
  get queued(): readonly OutboundMessage[] {
    return [...(this.#backlog ?? [])]
  }

  /** Bytes of the messages in flight and queued. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether another QoS 1 message would be sent at once. */
  get isReady(): boolean {
    return (
      this.#session.peer !== null && this.queuedCount === 0 && this.#resend.length === 0 && this.#hasRoom()
    )
  }

  /** Whether a message of this size has room in the queue. */
  fits(size: number): boolean {
    const { queueMessages, queueBytes } = this.#host.limits
    return this.inFlightCount + this.queuedCount < queueMessages && this.#heldBytes + size <= queueBytes
  }

  /** Begins a connection with the client's Receive Maximum. Nothing is sent before `pump`. */
  attach(receiveMaximum: number): void {
    this.#sendWindow = Math.min(receiveMaximum, this.#host.limits.inFlight)
    this.#resend = this.#inFlight.restart()
  }

  /** Ends the connection, and removes the messages that were withdrawn while in flight on it. */
  detach(): void {
    this.#resend = []
    for (const message of this.#inFlight.all()) {
      if (!message.isWithdrawn) continue
      this.#remove(message)
      message.tracker?.withdrawn()
    }
  }

  /** Sends a message at QoS 0, or drops it if it cannot be sent at once. */
  deliverAtMostOnce(publication: Publication, retain: boolean, identifiers: readonly number[] | null): void {
    const { peer } = this.#session
    if (peer === null) return
    const flags = retain ? 1 : 0
    if (peer.isFull) this.#host.dropped(this.#session, publication, 'slow-consumer', peer.fullLimit)
    else if (!peer.publish(publication, flags, 0, identifiers))
      this.#host.dropped(this.#session, publication, 'too-large')
  }

  /** Sends or queues a message at QoS 1 or 2; returns `false` if the queue is full. */
  deliver(publication: Publication, options: OutboundMessageOptions): boolean {
    const { size } = publication
    if (!this.fits(size) && !this.#makeRoom(publication, options.tracker)) return false
    if (!this.#host.admitMessage(publication.holders > 0 ? 0 : size)) {
      this.#refuse(publication, options.tracker, 'totalBytes')
      return false
    }
    const message = newOutboundMessage(publication, options)
    this.#hold(publication)
    if (this.#session.storageId !== 0) this.#store(message)
    else if (options.qos === 2 && this.#host.journal?.isSettled === false) this.#queueUntilDurable(message)
    else if (this.isReady) this.#send(message)
    else this.#queue(message)
    return true
  }

  /** Sends the retained messages for a new subscription, as fast as the client reads them. */
  replay(request: ReplayRequest): void {
    ;(this.#replay ??= new Replay(this.#session, this.#host)).add(request)
    this.#pumpReplay()
  }

  /** Stops sending retained messages for a subscription that was removed. */
  endReplay(filter: string): void {
    this.#replay?.drop(filter)
  }

  /** Adds a stored message after a restart. */
  restore(message: OutboundMessage): void {
    this.#hold(message.publication)
    if (message.wasSent) return this.#inFlight.add(message)
    this.#inFlight.reserve(message)
    this.#queue(message)
  }

  /**
   * Handles PUBACK: completes a QoS 1 message; throws a `PacketError` for a QoS 2 message. A refused message is not resent [MQTT-4.4.0-2], nor sent to another
   * member of a shared subscription [MQTT-4.8.2-6].
   */
  acknowledged(packetId: number, reasonCode: number): void {
    const message = this.#inFlight.get(packetId)
    if (message === undefined) return
    if (message.qos !== 1) throw protocolError(`PUBACK acknowledges a QoS 2 message, ${packetId}`)
    this.#finish(message, reasonCode)
  }

  /**
   * Handles PUBREC: sends PUBREL for a QoS 2 message, or completes it if it was refused; throws a `PacketError` for a
   * QoS 1 message.
   */
  received(packetId: number, reasonCode: number): void {
    const session = this.#session
    const message = this.#inFlight.get(packetId)
    if (message === undefined) return session.peer?.release(packetId, Reason.packetIdentifierNotFound)
    if (message.qos !== 2) throw protocolError(`PUBREC acknowledges a QoS 1 message, ${packetId}`)
    if (isFailure(reasonCode)) return this.#finish(message, reasonCode)
    if (!message.isReceived) {
      message.isReceived = true
      message.tracker?.acknowledged(reasonCode)
    }
    const { journal } = this.#host
    const { peer } = session
    if (journal === undefined || session.storageId === 0) return peer?.release(packetId, Reason.success)
    journal.outbound(session, message)
    journal.whenDurable(() => {
      if (session.peer === peer) peer?.release(packetId, Reason.success)
    })
  }

  /** Handles PUBCOMP: completes a QoS 2 message; throws a `PacketError` if the client has not sent PUBREC. */
  completed(packetId: number): void {
    const message = this.#inFlight.get(packetId)
    if (message === undefined) return
    if (!message.isReceived) throw protocolError(`PUBCOMP before PUBREC, ${packetId}`)
    this.#finish(message, Reason.success)
  }

  /**
   * Sends as much as the send window allows: first the messages to resend, in order [MQTT-4.4.0-1], then queued ones.
   */
  pump(): void {
    while (this.#session.peer !== null && this.#hasRoom()) {
      const message = this.#resend.shift() ?? this.#nextQueued()
      if (message === undefined) break
      const isNew = !message.wasSent
      this.#send(message)
      // Stored without waiting: it only determines DUP after a restart.
      if (isNew && message.storageId !== 0) this.#host.journal?.outbound(this.#session, message)
    }
    this.#pumpReplay()
  }

  /**
   * Withdraws messages that have not been sent, or were sent at QoS 1 on an earlier connection; returns whether there
   * were any. Messages in flight on the present connection are not resent on the next one. A QoS 2 delivery that was
   * begun is completed [MQTT-4.3.3-3].
   */
  withdraw(tracker: DeliveryTracker): boolean {
    const isTracked = (message: OutboundMessage): boolean => message.tracker === tracker
    const queued = this.#backlog?.extract(isTracked) ?? []
    const sent = this.#inFlight.all().filter((message) => isTracked(message) && message.qos === 1)
    const isOnConnection = ({ isOutstanding }: OutboundMessage): boolean =>
      this.#session.peer !== null && isOutstanding
    for (const message of sent.filter(isOnConnection)) {
      message.isWithdrawn = true
      // So that it is not resent after a restart either.
      this.#host.journal?.outboundEnded(this.#session, message)
    }
    const sentEarlier = sent.filter((message) => !isOnConnection(message))
    this.#resend = this.#resend.filter((message) => !sentEarlier.includes(message))
    const withdrawn = [...queued, ...sentEarlier]
    for (const message of withdrawn) this.#remove(message)
    return withdrawn.length > 0
  }

  /**
   * Removes and returns unacknowledged messages of shared subscriptions, except sent QoS 2 messages [MQTT-4.8.2-4].
   */
  takeShared(hasToMove: (group: SharedGroup) => boolean): OutboundMessage[] {
    const isMovable = ({ group, qos, wasSent }: OutboundMessage): boolean =>
      group !== null && !(qos === 2 && wasSent) && hasToMove(group)
    const sent = this.#inFlight.all().filter(isMovable)
    const messages = [...sent, ...(this.#backlog?.extract(isMovable) ?? [])]
    for (const message of messages) this.#remove(message)
    return messages
  }

  /** Drops all messages, because the session has ended. */
  clear(): void {
    const all = [...this.#inFlight.all(), ...(this.#backlog ?? [])]
    if (this.#replay !== null) this.#host.replayTurns.cancel(this.#replay)
    this.#backlog = this.#replay = null
    this.#resend = []
    for (const message of all) this.#drop(message, 'session-ended')
  }

  /** Stores a message and sends it. At QoS 2 it is sent only when it is durable, or a crash could duplicate it. */
  #store(message: OutboundMessage): void {
    const { journal } = this.#host
    if (message.qos === 1 && this.isReady) {
      this.#send(message)
      if (message.isOutstanding) journal?.outbound(this.#session, message)
      return
    }
    // The Packet Identifier is stored too: it must be the same when the message is resent after a restart
    // [MQTT-4.4.0-1].
    this.#inFlight.reserve(message)
    message.isStoredAsSent = isBoundToMember(message) && this.isReady
    journal?.outbound(this.#session, message)
    if (message.qos === 1) this.#queue(message)
    else this.#queueUntilDurable(message)
  }

  /** Queues a message that must not be sent before everything that has happened so far is durable. */
  #queueUntilDurable(message: OutboundMessage): void {
    this.#queue(message)
    this.#awaitStorage(message)
  }

  #awaitStorage(message: OutboundMessage): void {
    message.isAwaitingStorage = true
    this.#host.journal?.whenDurable(() => {
      message.isAwaitingStorage = false
      this.pump()
    })
  }

  #queue(message: OutboundMessage): void {
    ;(this.#backlog ??= new Backlog()).push(message)
  }

  #nextQueued(): OutboundMessage | undefined {
    const { rights } = this.#host
    if (rights !== undefined && !this.#removeRefused(rights)) return undefined
    const message = this.#backlog?.peek()
    if (message === undefined || message.isAwaitingStorage) return undefined
    if (message.storageId !== 0 && isBoundToMember(message) && !message.isStoredAsSent) {
      message.isStoredAsSent = true
      this.#host.journal?.outbound(this.#session, message)
      this.#awaitStorage(message)
      return undefined
    }
    return this.#backlog?.shift()
  }

  /**
   * Removes the messages at the head of the queue that the client may not receive. The hook may do anything; returns
   * whether a message may still be sent.
   */
  #removeRefused(rights: NonNullable<SessionHost['rights']>): boolean {
    for (let message = this.#backlog?.peek(); message !== undefined; message = this.#backlog?.peek()) {
      if (message.isAwaitingStorage || message.tracker !== null) break
      const isAllowed = rights.allows(this.#session, message.publication)
      if (this.#session.peer === null || !this.#hasRoom()) return false
      if (this.#backlog?.peek() !== message) continue
      if (isAllowed) break
      this.#backlog.shift()
      this.#remove(message)
      const { group, publication } = message
      if (group === null) this.#host.dropped(this.#session, publication, 'not-authorized')
      else this.#host.passOn(group, publication, this.#session)
    }
    return true
  }

  #pumpReplay(): void {
    if (this.#replay === null) return
    if (this.#replay.isComplete) this.#replay = null
    else if (this.#session.peer?.isFull === false) this.#host.replayTurns.request(this.#replay)
  }

  #hasRoom(): boolean {
    const { outstanding, outstandingBytes } = this.#inFlight
    if (outstanding >= this.#sendWindow || this.#session.peer?.isFull === true) return false
    return outstandingBytes < this.#host.limits.inFlightBytes || outstanding === 0
  }

  /** Applies the queue policy to a full queue; returns `false` if the new message must be dropped. */
  #makeRoom(publication: Publication, tracker: DeliveryTracker | null): boolean {
    const { queuePolicy, atTurnEnd, now } = this.#host
    for (const expired of this.#backlog?.extractExpired(now()) ?? []) this.#drop(expired, 'expired')
    if (this.fits(publication.size)) return true
    const limit = this.#exceededLimit
    if (queuePolicy === 'drop-oldest') {
      this.dropOldest(limit, () => this.fits(publication.size))
      if (this.fits(publication.size)) return true
    }
    const { peer } = this.#session
    // Later, because disconnecting changes the subscriptions while the message is being routed.
    if (queuePolicy === 'disconnect')
      atTurnEnd(() =>
        peer?.disconnect(
          Reason.quotaExceeded,
          `the queue of the session is full: limits.${limit} is ${this.#host.limits[limit]}`,
        ),
      )
    this.#refuse(publication, tracker, limit)
    return false
  }

  /** Drops queued messages, oldest first, until `isEnough` or none is left. */
  dropOldest(limit: keyof Limits, isEnough: () => boolean): void {
    while (this.queuedCount > 0 && !isEnough())
      this.#drop(this.#backlog?.shift() as OutboundMessage, 'queue-full', limit)
  }

  /** Reports a message that is not queued because a limit is reached. */
  #refuse(publication: Publication, tracker: DeliveryTracker | null, limit: keyof Limits): void {
    tracker?.lost('queue-full')
    this.#host.dropped(this.#session, publication, 'queue-full', limit)
  }

  /** The limit that a full queue has reached. */
  get #exceededLimit(): 'queueMessages' | 'queueBytes' {
    return this.inFlightCount + this.queuedCount < this.#host.limits.queueMessages
      ? 'queueBytes'
      : 'queueMessages'
  }

  #hold(publication: Publication): void {
    this.#heldBytes += publication.size
    this.#host.memory.hold(publication)
  }

  #send(message: OutboundMessage): void {
    const { publication, qos, retain, identifiers, wasSent } = message
    const { peer } = this.#session
    if (peer === null) return
    // Only messages that were never sent may be deleted [MQTT-3.3.2-5]; others are resent with an expiry of 0 s.
    if (!wasSent && publication.isExpired(this.#host.now())) return this.#drop(message, 'expired')
    if (message.isReceived) {
      peer.release(message.packetId, Reason.success)
    } else {
      this.#inFlight.add(message)
      const flags = (wasSent ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
      if (!peer.publish(publication, flags, message.packetId, identifiers))
        return this.#drop(message, 'too-large')
    }
    this.#inFlight.sent(message)
    if (wasSent) return
    message.wasSent = true
    message.tracker?.sent()
  }

  #finish(message: OutboundMessage, reasonCode: number): void {
    if (!message.isReceived) message.tracker?.acknowledged(reasonCode)
    if (!message.isOutstanding) this.#resend = this.#resend.filter((queued) => queued !== message)
    this.#remove(message)
    this.pump()
  }

  #drop(message: OutboundMessage, loss: DeliveryLoss, limit?: keyof Limits): void {
    this.#remove(message)
    message.tracker?.lost(loss)
    this.#host.dropped(this.#session, message.publication, loss, limit)
  }

  #remove(message: OutboundMessage): void {
    this.#inFlight.delete(message)
    this.#heldBytes -= message.publication.size
    this.#host.memory.release(message.publication)
    this.#host.journal?.outboundEnded(this.#session, message)
  }
}
