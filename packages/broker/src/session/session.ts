import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { SessionSubscription } from './session-subscription.js'
import { OutboundQueue } from './outbound-queue.js'
import { InboundMessages } from './inbound-messages.js'
import type { Peer } from './peer.js'
import type { SessionHost } from './session-host.js'
import { sessionBytes, subscriptionBytes } from './session-memory.js'
import type { SessionMemory } from './session-memory.js'

const noSubscriptions: ReadonlyMap<string, SessionSubscription> = new Map()

/** The MQTT session of one client, connected or not. */
export class Session {
  readonly clientId: string
  /** The messages to the client. */
  readonly outbound: OutboundQueue
  /** Its connection; `null` while the client is not connected. */
  peer: Peer | null = null
  /** The connected client; `null` while the client is not connected. */
  client: ClientInfo | null = null
  /** Whether the session has ended: operations that are still pending must not subscribe or store it again. */
  isEnded = false
  /** When its connection ended; `null` while the client is connected. */
  disconnectedAt: number | null = null
  /** The Session Expiry Interval, in seconds; `Infinity` for a session that does not expire. */
  sessionExpiryInterval = 0
  subscriptions: Map<string, SessionSubscription> | null = null
  /** Its number in the storage; 0 while it is not stored. */
  storageId = 0
  /** Used by the router for the message that it is routing. */
  routeStamp = 0
  routeQoS: QoS = 0
  routeRetain = false
  routeIdentifiers: readonly number[] | null = null
  #inbound: InboundMessages | null = null
  readonly #memory: SessionMemory
  /** Bytes of the session, its subscriptions and its Will. */
  #ownBytes: number
  #isReleased = false

  constructor(clientId: string, host: SessionHost) {
    this.clientId = clientId
    this.#memory = host.memory
    this.#ownBytes = sessionBytes(clientId)
    this.#memory.bytes += this.#ownBytes
    this.outbound = new OutboundQueue(this, host)
  }

  get subscriptionMap(): ReadonlyMap<string, SessionSubscription> {
    return this.subscriptions ?? noSubscriptions
  }

  /** Estimated bytes of the session, its subscriptions, its Will and its messages. */
  get heldBytes(): number {
    return this.#ownBytes + this.outbound.heldBytes
  }

  addSubscription(subscription: SessionSubscription): void {
    const { filter } = subscription
    ;(this.subscriptions ??= new Map()).set(filter, subscription)
    this.changeBytes(subscriptionBytes(filter))
  }

  removeSubscription(filter: string): void {
    if (this.subscriptions?.delete(filter) === true) this.changeBytes(-subscriptionBytes(filter))
  }

  /** Releases the memory of a session that has ended. */
  release(): void {
    this.changeBytes(-this.#ownBytes)
    this.#isReleased = true
  }

  /** Reports that the session holds `bytes` more, for example a Will. */
  changeBytes(bytes: number): void {
    if (this.#isReleased) return
    this.#ownBytes += bytes
    this.#memory.bytes += bytes
  }

  /** The messages from the client that are not completed. */
  get inbound(): InboundMessages {
    return (this.#inbound ??= new InboundMessages())
  }

  /** Begins a connection with the client's Receive Maximum. */
  attach(peer: Peer, client: ClientInfo, receiveMaximum: number): void {
    this.peer = peer
    this.client = client
    this.disconnectedAt = null
    this.outbound.attach(receiveMaximum)
  }

  /** Ends the connection. */
  detach(now: number): void {
    this.peer = null
    this.client = null
    this.disconnectedAt = now
    this.outbound.detach()
    this.#inbound?.connectionLost()
  }
}
