import type { Deadline, Deadlines } from '@antiphon/core/link'
import type { ClientInfo } from '../authority/authority.js'
import type { WillRequest } from '../packet/connect.js'
import { Publication, expiryTime } from '../packet/publication.js'

/** The Will of a client. */
export interface Will {
  readonly request: WillRequest
  readonly client: ClientInfo
}

/** The session that a Will belongs to. */
export interface WillOwner {
  readonly clientId: string
  /** When its connection ended; `null` while the client is connected. */
  readonly disconnectedAt: number | null
  /** Reports that it holds `bytes` more. */
  readonly changeBytes: (bytes: number) => void
}

interface PendingWill {
  readonly will: Will
  readonly deadline: Deadline | undefined
}

/** The components that the Wills use. */
export interface WillsDependencies<Session extends WillOwner> {
  readonly deadlines: Deadlines
  readonly now: () => number
  readonly publish: (publication: Publication, client: ClientInfo) => void
  /** Called before a Will is published after its Will Delay Interval. */
  readonly delayEnded: (session: Session) => void
}

/**
 * The Wills of connected clients, which are published when their connections are lost [MQTT-3.1.2-8].
 *
 * Publishing a Will runs hooks, which may call the broker. Complete all changes of the session before you call a
 * method that publishes.
 */
export class Wills<Session extends WillOwner> {
  readonly #pending = new Map<Session, PendingWill>()
  readonly #deadlines: Deadlines
  readonly #now: () => number
  readonly #publish: (publication: Publication, client: ClientInfo) => void
  readonly #delayEnded: (session: Session) => void

  constructor({ deadlines, now, publish, delayEnded }: WillsDependencies<Session>) {
    this.#deadlines = deadlines
    this.#now = now
    this.#publish = publish
    this.#delayEnded = delayEnded
  }

  /** Returns the Will of a session, while it is connected or its Will Delay Interval runs. */
  of(session: Session): Will | undefined {
    return this.#pending.get(session)?.will
  }

  /** Sets the Will of a client that has connected; discards a previous one whose delay runs [MQTT-3.1.3-9]. */
  connected(session: Session, will: Will | undefined): void {
    this.discard(session)
    if (will !== undefined) this.#set(session, { will, deadline: undefined })
  }

  /** Discards the Will of a session. */
  discard(session: Session): void {
    const pending = this.#pending.get(session)
    if (pending === undefined) return
    pending.deadline?.cancel()
    this.#pending.delete(session)
    session.changeBytes(-willBytes(pending.will.request))
  }

  #set(session: Session, pending: PendingWill): void {
    this.discard(session)
    this.#pending.set(session, pending)
    session.changeBytes(willBytes(pending.will.request))
  }

  /** Publishes the Will of a session whose connection is lost, after its Will Delay Interval. */
  connectionLost(session: Session): void {
    const pending = this.#pending.get(session)
    if (pending === undefined) return
    const { will } = pending
    if (will.request.willDelayInterval === 0) return this.#send(session, will)
    this.#schedule(session, will, will.request.willDelayInterval * 1000)
  }

  #schedule(session: Session, will: Will, delay: number): void {
    const deadline = this.#deadlines.add(delay, () => {
      this.#delayEnded(session)
      this.#send(session, will)
    })
    this.#set(session, { will, deadline })
  }

  /** Adds a stored Will after a restart; its delay began when the connection ended. */
  restore(session: Session, will: Will): void {
    const elapsed = this.#now() - (session.disconnectedAt ?? 0)
    this.#schedule(session, will, Math.max(0, will.request.willDelayInterval * 1000 - elapsed))
  }

  /** Publishes the Will of a session that has ended before the Will Delay Interval. */
  sessionEnded(session: Session): void {
    const pending = this.#pending.get(session)
    if (pending !== undefined) this.#send(session, pending.will)
  }

  #send(session: Session, { request, client }: Will): void {
    this.discard(session)
    const { topic, payload, qos, retain, properties, expiryOffset, messageExpiryInterval } = request
    const expiresAt =
      messageExpiryInterval === undefined ? Infinity : expiryTime(messageExpiryInterval, this.#now())
    const publication = new Publication({
      topic,
      payload,
      qos,
      retain,
      properties,
      expiryOffset,
      expiresAt,
      publisherId: session.clientId,
    })
    this.#publish(publication, client)
  }
}

/** Returns the bytes of a Will. */
export function willBytes({ topic, payload, properties }: WillRequest): number {
  return 2 * topic.length + payload.length + properties.length
}
