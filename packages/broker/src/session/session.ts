import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { Publication } from '../packet/publication.js'
import { Reason } from '../packet/reason.js'
import type { SharedGroup } from '../routing/shared-group.js'
import type { Subscription } from '../routing/subscription.js'
import { Backlog } from './backlog.js'
import type { Delivery, DeliveryLoss, DeliveryTracker } from './delivery.js'
import { Inbound } from './inbound.js'
import type { Peer } from './peer.js'
import type { SessionHost } from './session-host.js'

const noSubscriptions: ReadonlyMap<string, Subscription> = new Map()

/** How a delivery is made, beside its publication. */
export interface DeliveryOptions {
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  readonly group: SharedGroup | null
  readonly tracker: DeliveryTracker | null
}

/**
 * What the broker knows of one client, connected or not: its subscriptions, what it has yet to receive, and what it is
 * in the middle of sending.
 */
export class Session {
  readonly clientId: string
  /** Its connection, while there is one. */
  peer: Peer | null = null
  /** Who is connected, while somebody is. */
  client: ClientInfo | null = null
  /** Seconds it outlives its connection; `Infinity` for ever. */
  expiry = 0
  subscriptions: Map<string, Subscription> | null = null
  /** The router's notes about the message it is routing just now. */
  routeStamp = 0
  routeQoS: QoS = 0
  routeRetain = false
  routeIdentifiers: readonly number[] | null = null
  /** When its connection ended; `null` while it has one. */
  leftAt: number | null = null
  /** Under which number the storage knows it; 0 when it is not stored. */
  storedAs = 0
  #inbound: Inbound | null = null
  #inFlight: Map<number, Delivery> | null = null
  #backlog: Backlog | null = null
  /** Packet identifiers of deliveries that wait, where the storage had to know them ahead. */
  #reserved: Set<number> | null = null
  /** What was in flight when the client came back, to be sent again in order. */
  #resend: Delivery[] = []
  #outstanding = 0
  #outstandingBytes = 0
  #heldBytes = 0
  #window = 0
  #lastPacketId = 0
  readonly #host: SessionHost

  constructor(clientId: string, host: SessionHost) {
    this.clientId = clientId
    this.#host = host
  }

  get subscriptionMap(): ReadonlyMap<string, Subscription> {
    return this.subscriptions ?? noSubscriptions
  }

  get inFlightCount(): number {
    return this.#inFlight?.size ?? 0
  }

  get queuedCount(): number {
    return this.#backlog?.length ?? 0
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** What the client is in the middle of sending us. */
  get inbound(): Inbound {
    return (this.#inbound ??= new Inbound())
  }

  /** Whether it could take another QoS 1 message at once. */
  get isReady(): boolean {
    return this.peer !== null && this.queuedCount === 0 && this.#resend.length === 0 && this.#hasRoom()
  }

  /** Takes a connection, which is allowed `receiveMaximum` messages at a time. */
  attach(peer: Peer, client: ClientInfo, receiveMaximum: number): void {
    this.peer = peer
    this.client = client
    this.leftAt = null
    this.#window = Math.min(receiveMaximum, this.#host.limits.inFlight)
    this.#outstanding = this.#outstandingBytes = 0
  }

  /** Sends again what was in flight, in order [MQTT-4.4.0-1], then what has been waiting. */
  resume(): void {
    this.#resend = [...(this.#inFlight?.values() ?? [])]
    this.pump()
  }

  /** Loses its connection. */
  detach(): void {
    this.peer = null
    this.client = null
    this.leftAt = this.#host.now()
    this.#resend = []
    this.#inbound?.connectionLost()
  }

  /** Sends at QoS 0, or not: what cannot be sent now is not kept. */
  deliverAtMostOnce(publication: Publication, retain: boolean, identifiers: readonly number[] | null): void {
    const { peer } = this
    if (peer === null) return
    if (peer.isFull) return this.#host.dropped(this, publication, 'slow-consumer')
    if (!peer.publish(publication, retain ? 1 : 0, 0, identifiers))
      this.#host.dropped(this, publication, 'too-large')
  }

  /** Sends at QoS 1 or 2 now or later; `false` when its queue has no room. */
  deliver(publication: Publication, options: DeliveryOptions): boolean {
    const { qos, retain, identifiers, group, tracker } = options
    const delivery: Delivery = {
      publication,
      qos,
      retain,
      identifiers,
      group,
      tracker,
      packetId: 0,
      storedAs: 0,
      isHeld: false,
      wasSent: false,
      isReceived: false,
    }
    if (!this.#makeRoom(delivery)) return false
    this.#heldBytes += publication.size
    if (this.storedAs !== 0) this.#keep(delivery)
    else if (this.isReady) this.#send(delivery)
    else this.#queue(delivery)
    return true
  }

  /** Takes back a delivery that the storage kept. */
  restore(delivery: Delivery): void {
    this.#heldBytes += delivery.publication.size
    if (delivery.wasSent) {
      ;(this.#inFlight ??= new Map()).set(delivery.packetId, delivery)
      return
    }
    if (delivery.packetId !== 0) (this.#reserved ??= new Set()).add(delivery.packetId)
    this.#queue(delivery)
  }

  /** The receiver of a QoS 1 message, or of a QoS 2 one it refuses, is done with it. */
  acknowledged(packetId: number, reasonCode: number): boolean {
    const delivery = this.#inFlight?.get(packetId)
    if (delivery === undefined || delivery.isReceived) return false
    // A refusal counts as an acknowledgement [MQTT-4.4.0-2]; a shared message it refuses goes to nobody else [MQTT-4.8.2-6].
    this.#finish(delivery, reasonCode)
    return true
  }

  /** The receiver of a QoS 2 message has it. */
  received(packetId: number, reasonCode: number): void {
    const delivery = this.#inFlight?.get(packetId)
    if (delivery === undefined || delivery.qos !== 2)
      return this.peer?.release(packetId, Reason.packetIdentifierNotFound)
    if (reasonCode >= 0x80) return this.#finish(delivery, reasonCode)
    if (!delivery.isReceived) {
      delivery.isReceived = true
      delivery.tracker?.acknowledged(reasonCode)
    }
    const { journal } = this.#host
    if (journal === undefined || this.storedAs === 0) return this.peer?.release(packetId, Reason.success)
    const { peer } = this
    journal.delivery(this, delivery)
    journal.whenDurable(() => {
      if (this.peer === peer) peer?.release(packetId, Reason.success)
    })
  }

  /** The receiver of a QoS 2 message has handed it on. */
  completed(packetId: number): void {
    const delivery = this.#inFlight?.get(packetId)
    if (delivery?.isReceived) this.#finish(delivery, Reason.success)
  }

  /** Sends as much of what waits as may go now. */
  pump(): void {
    while (this.peer !== null && this.#hasRoom()) {
      const delivery = this.#resend.shift() ?? this.#nextWaiting()
      if (delivery === undefined) return
      this.#send(delivery)
      // That it was sent is written down without waiting: it only decides on the DUP of a later life.
      if (delivery.storedAs !== 0) this.#host.journal?.delivery(this, delivery)
    }
  }

  /** Sends retained messages for a subscription, as fast as the client reads them. */
  replay(publications: readonly Publication[], { qos, identifiers }: Subscription): void {
    for (const publication of publications) {
      const least = Math.min(publication.qos, qos) as QoS
      if (least === 0) this.deliverAtMostOnce(publication, true, identifiers)
      else this.deliver(publication, { qos: least, retain: true, identifiers, group: null, tracker: null })
    }
  }

  /** Takes back what was not sent, or not received by a client that is away; tells whether there was such a thing. */
  withdraw(tracker: DeliveryTracker): boolean {
    const isIts = (delivery: Delivery): boolean => delivery.tracker === tracker
    const waiting = this.#backlog?.extract(isIts) ?? []
    const sent = this.peer === null ? [...(this.#inFlight?.values() ?? [])].filter(isIts) : []
    const taken = [...waiting, ...sent.filter(({ isReceived }) => !isReceived)]
    for (const delivery of taken) this.#forget(delivery)
    return taken.length > 0
  }

  /** Hands over what shared groups gave it and it has not acknowledged; QoS 2 that was sent stays [MQTT-4.8.2-4]. */
  surrender(isWanted: (group: SharedGroup) => boolean): Delivery[] {
    const isMovable = ({ group, qos, wasSent }: Delivery): boolean =>
      group !== null && !(qos === 2 && wasSent) && isWanted(group)
    const sent = [...(this.#inFlight?.values() ?? [])].filter(isMovable)
    const moved = [...sent, ...(this.#backlog?.extract(isMovable) ?? [])]
    for (const delivery of moved) this.#forget(delivery)
    return moved
  }

  /** Drops everything it was to receive. */
  clear(): void {
    const all = [...(this.#inFlight?.values() ?? []), ...(this.#backlog ?? [])]
    this.#backlog = null
    this.#resend = []
    for (const delivery of all) this.#lose(delivery, 'session-ended')
  }

  /** A stored delivery: QoS 2 leaves only when it is safe, or a crash could make two of it. */
  #keep(delivery: Delivery): void {
    const { journal } = this.#host
    if (delivery.qos === 1 && this.isReady) {
      this.#send(delivery)
      if (this.#inFlight?.has(delivery.packetId)) journal?.delivery(this, delivery)
      return
    }
    // Its identifier is written down with it, so that a later life sends it again under the same one [MQTT-4.4.0-1].
    delivery.packetId = this.#nextPacketId()
    ;(this.#reserved ??= new Set()).add(delivery.packetId)
    journal?.delivery(this, delivery)
    this.#queue(delivery)
    if (delivery.qos === 1) return
    delivery.isHeld = true
    journal?.whenDurable(() => {
      delivery.isHeld = false
      this.pump()
    })
  }

  #queue(delivery: Delivery): void {
    ;(this.#backlog ??= new Backlog()).push(delivery)
  }

  #nextWaiting(): Delivery | undefined {
    return this.#backlog?.peek()?.isHeld === true ? undefined : this.#backlog?.shift()
  }

  #hasRoom(): boolean {
    const { inFlightBytes } = this.#host.limits
    if (this.peer?.isFull) return false
    return (
      this.#outstanding < this.#window && (this.#outstandingBytes < inFlightBytes || this.#outstanding === 0)
    )
  }

  #makeRoom(delivery: Delivery): boolean {
    const { limits, queuePolicy } = this.#host
    const { size } = delivery.publication
    const fits = (): boolean =>
      this.inFlightCount + this.queuedCount < limits.queueMessages &&
      this.#heldBytes + size <= limits.queueBytes
    if (fits()) return true
    if (queuePolicy === 'drop-oldest') {
      while (!fits()) {
        const oldest = this.#backlog?.shift()
        if (oldest === undefined) break
        this.#lose(oldest, 'queue-full')
      }
      if (fits()) return true
    }
    if (queuePolicy === 'disconnect') {
      const { peer } = this
      // Not at once: the message may be on its way to others, which must not see the ground shift.
      this.#host.later(() => peer?.disconnect(Reason.quotaExceeded, 'its queue is full'))
    }
    delivery.tracker?.lost('queue-full')
    this.#host.dropped(this, delivery.publication, 'queue-full')
    return false
  }

  #send(delivery: Delivery): void {
    const { publication, qos } = delivery
    const { peer } = this
    if (peer === null) return
    if (delivery.isReceived) {
      this.#outstanding++
      return peer.release(delivery.packetId, Reason.success)
    }
    // Only what nobody has begun to send is deleted [MQTT-3.3.2-5]; the rest is sent again, at no seconds left.
    if (!delivery.wasSent && publication.isExpired(this.#host.now())) return this.#lose(delivery, 'expired')
    if (delivery.packetId === 0) delivery.packetId = this.#nextPacketId()
    const flags = (delivery.wasSent ? 8 : 0) | (qos << 1) | (delivery.retain ? 1 : 0)
    this.#reserved?.delete(delivery.packetId)
    ;(this.#inFlight ??= new Map()).set(delivery.packetId, delivery)
    if (!peer.publish(publication, flags, delivery.packetId, delivery.identifiers))
      return this.#lose(delivery, 'too-large')
    this.#outstanding++
    this.#outstandingBytes += publication.size
    if (delivery.wasSent) return
    delivery.wasSent = true
    delivery.tracker?.sent()
  }

  #finish(delivery: Delivery, reasonCode: number): void {
    const wasReceived = delivery.isReceived
    this.#forget(delivery)
    this.#outstanding--
    if (!wasReceived) {
      this.#outstandingBytes -= delivery.publication.size
      delivery.tracker?.acknowledged(reasonCode)
    }
    this.pump()
  }

  #lose(delivery: Delivery, loss: DeliveryLoss): void {
    this.#forget(delivery)
    delivery.tracker?.lost(loss)
    this.#host.dropped(this, delivery.publication, loss)
  }

  #forget(delivery: Delivery): void {
    if (delivery.packetId !== 0 && !this.#inFlight?.delete(delivery.packetId))
      this.#reserved?.delete(delivery.packetId)
    this.#heldBytes -= delivery.publication.size
    this.#host.journal?.finished(this, delivery)
  }

  #nextPacketId(): number {
    let id = this.#lastPacketId
    do id = id === 0xffff ? 1 : id + 1
    while (this.#inFlight?.has(id) === true || this.#reserved?.has(id) === true)
    this.#lastPacketId = id
    return id
  }
}
