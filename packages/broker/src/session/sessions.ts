import type { Deadline, Deadlines } from '@antiphon/core/link'
import type { ClientInfo } from '../authority/authority.js'
import type { BrokerEvent } from '../events.js'
import { Reason } from '../packet/reason.js'
import type { Router } from '../routing/router.js'
import type { Will, Wills } from '../will/wills.js'
import type { Peer } from './peer.js'
import type { SessionHost } from './session-host.js'
import { Session } from './session.js'

/** What the sessions need around them. */
export interface SessionsParts {
  readonly host: SessionHost
  readonly router: Router
  readonly wills: Wills
  readonly deadlines: Deadlines
  readonly emit: (event: BrokerEvent) => void
}

/** How a client comes in. */
export interface Entry {
  readonly client: ClientInfo
  /** Seconds; `Infinity` for ever. */
  readonly expiry: number
  readonly peer: Peer
  readonly receiveMaximum: number
  readonly will: Will | undefined
}

/** How a connection ended. */
export interface Departure {
  /** The client said goodbye for good: its will is not to be published [MQTT-3.14.4-3]. */
  readonly forgetsWill: boolean
  /** A new Session Expiry Interval that came with the goodbye. */
  readonly expiry?: number
}

/** Every session of the broker: who comes in, who leaves, and whose time is over. */
export class Sessions {
  readonly #parts: SessionsParts
  readonly #byId = new Map<string, Session>()
  readonly #expiries = new Map<Session, Deadline>()

  constructor(parts: SessionsParts) {
    this.#parts = parts
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

  /** Whether a client of this name would need a session more than there may be. */
  isFullFor(clientId: string): boolean {
    return this.#byId.size >= this.#parts.host.limits.sessions && !this.#byId.has(clientId)
  }

  /**
   * Disconnects the client that uses a client identifier [MQTT-3.1.4-3]; a clean start ends its session, too. Call it before
   * `open`: publishing the will of that client runs hooks, which may do anything, while `open` runs none.
   */
  makeWay(clientId: string, isCleanStart: boolean): void {
    this.#byId
      .get(clientId)
      ?.peer?.disconnect(Reason.sessionTakenOver, 'another connection has its client identifier')
    const existing = this.#byId.get(clientId)
    if (isCleanStart && existing !== undefined) this.end(existing)
  }

  /** Resumes or begins the session of a client that `makeWay` was called for [MQTT-3.1.2-4/5/6]. */
  open(entry: Entry): { readonly session: Session; readonly isPresent: boolean } {
    const { client, peer } = entry
    const existing = this.#byId.get(client.clientId)
    const session = existing ?? this.#begin(client.clientId)
    this.#expiries.get(session)?.cancel()
    this.#expiries.delete(session)
    session.expiry = entry.expiry
    session.attach(peer, client, entry.receiveMaximum)
    this.#parts.wills.arrived(session, entry.will) // [MQTT-3.1.3-9]
    this.#parts.host.journal?.session(session)
    return { session, isPresent: existing !== undefined }
  }

  /** Sends what waits for a client that has been told that it is in. */
  resume(session: Session): void {
    session.downlink.pump()
    for (const { group } of session.subscriptionMap.values()) {
      if (group !== null) this.#parts.router.collect(group)
    }
  }

  /** Takes note that a session's connection is gone. */
  close(session: Session, departure: Departure): void {
    const { host, wills } = this.#parts
    if (departure.expiry !== undefined) session.expiry = departure.expiry
    session.detach(host.now())
    if (departure.forgetsWill) wills.forget(session)
    this.#parts.router.redispatch(session)
    host.journal?.session(session)
    this.#awaitReturn(session, session.expiry)
    // Last: publishing the will runs hooks, which may do anything with this session.
    wills.connectionLost(session)
  }

  /** Takes back a session that the storage kept; its time away counts. */
  restore(session: Session): void {
    this.#byId.set(session.clientId, session)
    const away = (this.#parts.host.now() - (session.leftAt ?? 0)) / 1000
    this.#awaitReturn(session, session.expiry - away)
  }

  /** Ends a session and all it holds. */
  end(session: Session): void {
    const { host, router, wills, emit } = this.#parts
    if (session.isEnded) return
    session.isEnded = true
    this.#byId.delete(session.clientId)
    this.#expiries.get(session)?.cancel()
    this.#expiries.delete(session)
    for (const filter of [...session.subscriptionMap.keys()]) router.unsubscribe(session, filter)
    session.downlink.clear()
    host.journal?.sessionEnded(session)
    emit({ type: 'session-ended', clientId: session.clientId })
    // Last, as in `close`.
    wills.sessionEnded(session)
  }

  #awaitReturn(session: Session, seconds: number): void {
    if (seconds <= 0) return this.end(session)
    if (seconds === Infinity) return
    const deadline = this.#parts.deadlines.add(seconds * 1000, () => this.end(session))
    this.#expiries.set(session, deadline)
  }

  #begin(clientId: string): Session {
    const session = new Session(clientId, this.#parts.host)
    this.#byId.set(clientId, session)
    this.#parts.emit({ type: 'session-started', clientId })
    return session
  }
}
