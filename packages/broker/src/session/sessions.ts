import type { Deadline, Deadlines } from '@antiphon/core/link'
import { Reason } from '@antiphon/packet'
import type { ClientInfo } from '../authority/authority.js'
import type { BrokerEvent } from '../events.js'
import type { Limits } from '../limits.js'
import type { Will, Wills } from '../will/wills.js'
import type { Peer } from './peer.js'
import type { SessionHost } from './session-host.js'
import type { SharedGroup } from './shared-group.js'
import { Session } from './session.js'

/** The router, as the sessions use it. */
export interface SessionRouter {
  /** Removes a subscription. */
  readonly unsubscribe: (session: Session, filter: string) => boolean
  /** Moves the unacknowledged shared messages of a disconnected session to other connected members. */
  readonly redispatch: (session: Session) => void
  /** Moves the unacknowledged shared messages of a session that ends to other members. */
  readonly handOver: (session: Session) => void
  /** Moves the messages of a group's disconnected members to a member that has connected. */
  readonly collectFromOffline: (group: SharedGroup) => void
}

/** The components that the sessions use. */
export interface SessionsDependencies {
  readonly host: SessionHost
  readonly router: SessionRouter
  readonly wills: Wills<Session>
  readonly deadlines: Deadlines
  readonly emit: (event: BrokerEvent) => void
}

/** Parameters for opening a session. */
export interface SessionOpening {
  readonly client: ClientInfo
  /** Seconds; `Infinity` for a session that does not expire. */
  readonly sessionExpiryInterval: number
  readonly peer: Peer
  readonly receiveMaximum: number
  readonly will: Will | undefined
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Whether the Will is discarded instead of published [MQTT-3.14.4-3]. */
  readonly discardsWill: boolean
  /** The Session Expiry Interval of DISCONNECT, in seconds. */
  readonly sessionExpiryInterval?: number
}

/** The sessions of the broker, which it opens, resumes, expires and ends. */
export class Sessions {
  readonly #dependencies: SessionsDependencies
  readonly #byId = new Map<string, Session>()
  readonly #expiries = new Map<Session, Deadline>()
  /** The disconnected sessions without and with subscriptions, the longest disconnected ones first. */
  readonly #bare = new Set<Session>()
  readonly #subscribed = new Set<Session>()

  constructor(dependencies: SessionsDependencies) {
    this.#dependencies = dependencies
  }

  get size(): number {
    return this.#byId.size
  }

  get(clientId: string): Session | undefined {
    return this.#byId.get(clientId)
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#byId.values()
  }

  /** The session that has been disconnected longest, those without subscriptions first; `undefined` if all are connected. */
  get longestDisconnected(): Session | undefined {
    const [bare] = this.#bare
    const [subscribed] = this.#subscribed
    return bare ?? subscribed
  }

  /**
   * Disconnects the client that uses a Client Identifier [MQTT-3.1.4-3]; Clean Start ends its session too. Call it
   * before `open`: publishing the Will of that client runs hooks, which may do anything, while `open` runs none.
   */
  takeOver(clientId: string, isCleanStart: boolean): void {
    this.#byId
      .get(clientId)
      ?.peer?.disconnect(Reason.sessionTakenOver, 'another connection uses the same Client Identifier')
    const existing = this.#byId.get(clientId)
    if (isCleanStart && existing !== undefined) this.end(existing)
  }

  /** Resumes or creates a session [MQTT-3.1.2-4/5/6]. Call `takeOver` first. */
  open(opening: SessionOpening): { readonly session: Session; readonly isPresent: boolean } {
    const { client, peer } = opening
    const existing = this.#byId.get(client.clientId)
    const session = existing ?? this.#create(client.clientId)
    this.#forgetDisconnection(session)
    session.sessionExpiryInterval = opening.sessionExpiryInterval
    session.attach(peer, client, opening.receiveMaximum)
    this.#dependencies.wills.connected(session, opening.will) // [MQTT-3.1.3-9]
    this.#dependencies.host.journal?.session(session)
    return { session, isPresent: existing !== undefined }
  }

  /** Sends the queued messages. Call it after CONNACK. */
  resume(session: Session): void {
    session.outbound.pump()
    for (const { group } of session.subscriptionMap.values()) {
      if (group !== null) this.#dependencies.router.collectFromOffline(group)
    }
  }

  /** Ends the connection of a session. */
  detach(session: Session, end: ConnectionEnd): void {
    const { host, wills } = this.#dependencies
    if (end.sessionExpiryInterval !== undefined) session.sessionExpiryInterval = end.sessionExpiryInterval
    session.detach(host.now())
    if (end.discardsWill) wills.discard(session)
    this.#dependencies.router.redispatch(session)
    host.journal?.session(session)
    this.#scheduleExpiry(session, session.sessionExpiryInterval)
    // Last: publishing the Will runs hooks, which may do anything with this session.
    wills.connectionLost(session)
  }

  /** Adds a stored session after a restart. Call `resumeExpiry` when all sessions are added. */
  restore(session: Session): void {
    this.#byId.set(session.clientId, session)
  }

  /** Continues the expiry of a restored session: the time since its connection ended counts. */
  resumeExpiry(session: Session): void {
    const secondsAway = (this.#dependencies.host.now() - (session.disconnectedAt ?? 0)) / 1000
    this.#scheduleExpiry(session, session.sessionExpiryInterval - secondsAway)
  }

  /** Ends a session: removes its subscriptions and drops its messages. `limit` is the limit that it has to give way to. */
  end(session: Session, limit?: keyof Limits): void {
    const { host, router, wills, emit } = this.#dependencies
    if (session.isEnded) return
    session.isEnded = true
    this.#byId.delete(session.clientId)
    this.#forgetDisconnection(session)
    router.handOver(session)
    for (const filter of [...session.subscriptionMap.keys()]) router.unsubscribe(session, filter)
    session.outbound.clear()
    session.release()
    host.journal?.sessionEnded(session)
    emit({ type: 'session-ended', clientId: session.clientId, ...(limit === undefined ? {} : { limit }) })
    // Last, as in `detach`.
    wills.sessionEnded(session)
  }

  #scheduleExpiry(session: Session, seconds: number): void {
    if (seconds <= 0) return this.end(session)
    const isBare = session.subscriptionMap.size === 0
    ;(isBare ? this.#bare : this.#subscribed).add(session)
    if (seconds === Infinity) return
    const deadline = this.#dependencies.deadlines.add(seconds * 1000, () => this.end(session))
    this.#expiries.set(session, deadline)
  }

  #forgetDisconnection(session: Session): void {
    this.#expiries.get(session)?.cancel()
    this.#expiries.delete(session)
    this.#bare.delete(session)
    this.#subscribed.delete(session)
  }

  #create(clientId: string): Session {
    const session = new Session(clientId, this.#dependencies.host)
    this.#byId.set(clientId, session)
    this.#dependencies.emit({ type: 'session-started', clientId })
    return session
  }
}
