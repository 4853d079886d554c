import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { SessionSubscription } from '../routing/session-subscription.js'
import { OutboundQueue } from './outbound-queue.js'
import { Inbound } from './inbound.js'
import type { Peer } from './peer.js'
import type { SessionHost } from './session-host.js'

const noSubscriptions: ReadonlyMap<string, SessionSubscription> = new Map()

/** What the broker knows of one client, connected or not. */
export class Session {
  readonly clientId: string
  /** What it has yet to receive. */
  readonly downlink: OutboundQueue
  /** Its connection, while there is one. */
  peer: Peer | null = null
  /** Who is connected, while somebody is. */
  client: ClientInfo | null = null
  /** The session has ended: what was still under way must not subscribe or store it again. */
  isEnded = false
  /** When its connection ended; `null` while it has one. */
  leftAt: number | null = null
  /** Seconds it outlives its connection; `Infinity` for ever. */
  expiry = 0
  subscriptions: Map<string, SessionSubscription> | null = null
  /** Under which number the storage knows it; 0 when it is not stored. */
  storedAs = 0
  /** The router's notes about the message it is routing just now. */
  routeStamp = 0
  routeQoS: QoS = 0
  routeRetain = false
  routeIdentifiers: readonly number[] | null = null
  #inbound: Inbound | null = null

  constructor(clientId: string, host: SessionHost) {
    this.clientId = clientId
    this.downlink = new OutboundQueue(this, host)
  }

  get subscriptionMap(): ReadonlyMap<string, SessionSubscription> {
    return this.subscriptions ?? noSubscriptions
  }

  /** What the client is in the middle of sending us. */
  get inbound(): Inbound {
    return (this.#inbound ??= new Inbound())
  }

  /** Takes a connection, which is allowed `receiveMaximum` messages at a time. */
  attach(peer: Peer, client: ClientInfo, receiveMaximum: number): void {
    this.peer = peer
    this.client = client
    this.leftAt = null
    this.downlink.attach(receiveMaximum)
  }

  /** Loses its connection. */
  detach(now: number): void {
    this.peer = null
    this.client = null
    this.leftAt = now
    this.downlink.detach()
    this.#inbound?.connectionLost()
  }
}
