import type { Deadline, Deadlines } from '@antiphon/core/link'
import type { ClientInfo } from '../authority/authority.js'
import type { WillRequest } from '../packet/connect.js'
import { Publication, expiryTime } from '../packet/publication.js'
import type { Session } from '../session/session.js'

/** A will together with the client it speaks for. */
export interface Will {
  readonly request: WillRequest
  readonly client: ClientInfo
}

interface Pending {
  readonly will: Will
  readonly deadline: Deadline | undefined
}

/** What the wills need around them. */
export interface WillsParts {
  readonly deadlines: Deadlines
  readonly now: () => number
  readonly publish: (publication: Publication, client: ClientInfo) => void
  /** A session's will goes out after its delay. */
  readonly sent: (session: Session) => void
}

/**
 * Keeps the wills of the connected, and publishes those of the lost [MQTT-3.1.2-8]. Publishing one runs hooks, which may
 * call the broker: callers finish with the session first.
 */
export class Wills {
  readonly #pending = new Map<Session, Pending>()
  readonly #deadlines: Deadlines
  readonly #now: () => number
  readonly #publish: (publication: Publication, client: ClientInfo) => void
  readonly #sent: (session: Session) => void

  constructor({ deadlines, now, publish, sent }: WillsParts) {
    this.#deadlines = deadlines
    this.#now = now
    this.#publish = publish
    this.#sent = sent
  }

  /** The will that waits for a session's connection, or its delay, to end. */
  of(session: Session): Will | undefined {
    return this.#pending.get(session)?.will
  }

  /** A client is here: a will whose delay still runs is not published [MQTT-3.1.3-9]. */
  arrived(session: Session, will: Will | undefined): void {
    this.forget(session)
    if (will !== undefined) this.#pending.set(session, { will, deadline: undefined })
  }

  /** The client said goodbye, or came back in time. */
  forget(session: Session): void {
    this.#pending.get(session)?.deadline?.cancel()
    this.#pending.delete(session)
  }

  /** The connection is gone: the will goes out after its delay. */
  connectionLost(session: Session): void {
    const pending = this.#pending.get(session)
    if (pending === undefined) return
    const { will } = pending
    if (will.request.willDelayInterval === 0) return this.#send(session, will)
    this.#await(session, will, will.request.willDelayInterval * 1000)
  }

  #await(session: Session, will: Will, milliseconds: number): void {
    const deadline = this.#deadlines.add(milliseconds, () => {
      this.#sent(session)
      this.#send(session, will)
    })
    this.#pending.set(session, { will, deadline })
  }

  /** A will that the storage kept: its delay began when the connection ended. */
  restore(session: Session, will: Will): void {
    const since = this.#now() - (session.leftAt ?? 0)
    this.#await(session, will, Math.max(0, will.request.willDelayInterval * 1000 - since))
  }

  /** The session is over before the delay was: the will goes out at once. */
  sessionEnded(session: Session): void {
    const pending = this.#pending.get(session)
    if (pending !== undefined) this.#send(session, pending.will)
  }

  #send(session: Session, { request, client }: Will): void {
    this.forget(session)
    const { topic, payload, qos, retain, properties, expiryAt, expiry } = request
    const expiresAt = expiry === undefined ? Infinity : expiryTime(expiry, this.#now())
    const publication = new Publication({
      topic,
      payload,
      qos,
      retain,
      properties,
      expiryAt,
      expiresAt,
      publisher: session.clientId,
    })
    this.#publish(publication, client)
  }
}
