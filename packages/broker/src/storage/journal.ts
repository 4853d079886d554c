import type { Publication } from '../packet/publication.js'
import type { OutboundMessage } from '../session/outbound-message.js'
import type { Session } from '../session/session.js'
import { deliveryKey, encodeDelivery, encodePublication, encodeSession, inboundKey, keys } from './records.js'
import type { Will } from '../will/wills.js'
import type { Storage } from './storage.js'

/** What is written together. */
interface Group {
  readonly changes: Map<string, Uint8Array | undefined>
  /** Sessions whose own record is to be written as it stands when the group is. */
  readonly sessions: Set<Session>
  readonly whenDurable: (() => void)[]
}

/** What the journal needs around it. */
export interface JournalParts {
  readonly storage: Storage
  /** Does something when the present turn is over. */
  readonly later: (work: () => void) => void
  /** Does something when there is reason to hope that the storage works again. */
  readonly retry: (work: () => void) => void
  readonly failed: (error: unknown) => void
  /** The will that a session's loss would bring, or is about to. */
  readonly willOf: (session: Session) => Will | undefined
}

const nothing = new Uint8Array(0)

/**
 * Writes what must survive to the storage, one group after the other: what comes while a group is being written makes
 * up the next. While the storage fails nothing counts as durable, so nobody is told that it is.
 */
export class Journal {
  /** Counts what was written; whoever compares it before and after knows whether there is something to wait for. */
  writes = 0
  readonly #parts: JournalParts
  #group = newGroup()
  #underWay: Group | undefined
  #isScheduled = false
  #isStopped = false
  #lastSession = 0
  #lastMessage = 0
  #lastDelivery = 0

  constructor(parts: JournalParts) {
    this.#parts = parts
  }

  /** Takes the numbers up to these for used. */
  continueAfter(used: {
    readonly session: number
    readonly message: number
    readonly delivery: number
  }): void {
    this.#lastSession = used.session
    this.#lastMessage = used.message
    this.#lastDelivery = used.delivery
  }

  /** Whether everything written is durable. */
  get isSettled(): boolean {
    return isEmpty(this.#group) && this.#underWay === undefined
  }

  /** Calls back when all that was written so far is durable; at once where it is. */
  whenDurable(then: () => void): void {
    if (!isEmpty(this.#group)) this.#group.whenDurable.push(then)
    else if (this.#underWay !== undefined) this.#underWay.whenDurable.push(then)
    else then()
  }

  /** Writes no more. What is not durable by now will not be, and is acknowledged to nobody. */
  stop(): void {
    this.#isStopped = true
  }

  /** A session came, changed its subscriptions, or lost its connection. */
  session(session: Session): void {
    if (session.storedAs === 0 && session.expiry > 0) session.storedAs = ++this.#lastSession
    if (session.storedAs === 0) return
    this.#group.sessions.add(session)
    this.#touch()
  }

  sessionEnded(session: Session): void {
    if (session.storedAs === 0) return
    this.#group.sessions.delete(session)
    this.#put(keys.session + session.storedAs, undefined)
    for (const packetId of session.inbound.packetIds)
      this.#put(inboundKey(session.storedAs, packetId), undefined)
    session.storedAs = 0
  }

  /** A delivery waits for a session, or changed on its way. */
  delivery(session: Session, delivery: OutboundMessage): void {
    if (session.storedAs === 0) return
    const { publication } = delivery
    if (delivery.storedAs === 0) {
      delivery.storedAs = ++this.#lastDelivery
      if (publication.storedReferences++ === 0) {
        publication.storedAs = ++this.#lastMessage
        this.#put(keys.message + publication.storedAs, encodePublication(publication))
      }
    }
    this.#put(deliveryKey(session.storedAs, delivery.storedAs), encodeDelivery(delivery))
  }

  /** A delivery came to its end, whichever. */
  finished(session: Session, delivery: OutboundMessage): void {
    if (delivery.storedAs === 0) return
    const { publication } = delivery
    this.#put(deliveryKey(session.storedAs, delivery.storedAs), undefined)
    delivery.storedAs = 0
    if (--publication.storedReferences > 0) return
    this.#put(keys.message + publication.storedAs, undefined)
    publication.storedAs = 0
  }

  /** A client's QoS 2 message came in, or is over. */
  inbound(session: Session, packetId: number, isOpen: boolean): void {
    if (session.storedAs !== 0)
      this.#put(inboundKey(session.storedAs, packetId), isOpen ? nothing : undefined)
  }

  retained(topic: string, publication: Publication | undefined): void {
    this.#put(keys.retained + topic, publication && encodePublication(publication))
  }

  #put(key: string, value: Uint8Array | undefined): void {
    this.#group.changes.set(key, value)
    this.#touch()
  }

  #touch(): void {
    this.writes++
    if (this.#isScheduled || this.#underWay !== undefined) return
    this.#isScheduled = true
    this.#parts.later(() => {
      this.#isScheduled = false
      void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    if (this.#underWay !== undefined || this.#isStopped) return
    const { storage, failed, retry, willOf } = this.#parts
    const group = (this.#underWay = this.#group)
    this.#group = newGroup()
    for (const session of group.sessions) {
      group.changes.set(keys.session + session.storedAs, encodeSession(session, willOf(session)))
    }
    group.sessions.clear()
    try {
      await storage.commit(
        [...group.changes].map(([key, value]) => (value === undefined ? { key } : { key, value })),
      )
    } catch (error) {
      this.#underWay = undefined
      this.#group = merged(group, this.#group)
      failed(error)
      if (this.#isStopped) return
      this.#isScheduled = true
      retry(() => {
        this.#isScheduled = false
        void this.#commit()
      })
      return
    }
    this.#underWay = undefined
    for (const then of group.whenDurable) then()
    if (!isEmpty(this.#group)) await this.#commit()
  }
}

function newGroup(): Group {
  return { changes: new Map(), sessions: new Set(), whenDurable: [] }
}

function isEmpty({ changes, sessions }: Group): boolean {
  return changes.size === 0 && sessions.size === 0
}

/** One group of two, the later one's word over the earlier's. */
function merged(earlier: Group, later: Group): Group {
  return {
    changes: new Map([...earlier.changes, ...later.changes]),
    sessions: new Set([...earlier.sessions, ...later.sessions]),
    whenDurable: [...earlier.whenDurable, ...later.whenDurable],
  }
}
