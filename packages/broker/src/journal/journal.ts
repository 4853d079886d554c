import type { Publication } from '../packet/publication.js'
import type { RetainedJournal } from '../retained/retained-messages.js'
import type { OutboundMessage } from '../session/outbound-message.js'
import type { SessionJournal } from '../session/session-journal.js'
import type { Session } from '../session/session.js'
import { encodeFormat, formatKey } from './format.js'
import { outboundKey, encodeOutbound, encodePublication, encodeSession, inboundKey, keys } from './records.js'
import type { Will } from '../will/wills.js'
import type { Storage } from '../storage/storage.js'

/** The changes of one commit. */
interface Batch {
  readonly changes: Map<string, Uint8Array | undefined>
  /** Sessions whose record is encoded when the batch is committed. */
  readonly sessions: Set<Session>
  readonly whenDurable: (() => void)[]
}

/** The components that a journal uses. */
export interface JournalDependencies {
  readonly storage: Storage
  /** Runs work at the end of the turn. */
  readonly atTurnEnd: (work: () => void) => void
  /** Runs work after a delay, because a commit has failed. */
  readonly retry: (work: () => void) => void
  readonly failed: (error: unknown) => void
  /** Returns the Will of a session. */
  readonly willOf: (session: Session) => Will | undefined
}

const emptyValue = new Uint8Array(0)

/**
 * The changes of the stored state. It commits them in batches, one after another: changes during a commit make up the
 * next batch. While commits fail, nothing becomes durable, and the `whenDurable` callbacks wait.
 */
export class Journal implements SessionJournal, RetainedJournal {
  /**
   * The number of changes so far. Compare it before and after an operation to find out whether it changed the
   * storage.
   */
  writes = 0
  readonly #dependencies: JournalDependencies
  #batch = newBatch()
  #committing: Batch | undefined
  #isScheduled = false
  #isStopped = false
  /** Whether the storage has a format record. */
  #hasFormat = false
  #lastSession = 0
  #lastMessage = 0
  #lastOutbound = 0

  constructor(dependencies: JournalDependencies) {
    this.#dependencies = dependencies
  }

  /** Sets the last numbers that are in use. */
  continueAfter(used: {
    readonly session: number
    readonly message: number
    readonly outbound: number
  }): void {
    this.#lastSession = used.session
    this.#lastMessage = used.message
    this.#lastOutbound = used.outbound
  }

  /** Notes that the storage has the format of this version. Otherwise the first commit writes the format record. */
  formatFound(): void {
    this.#hasFormat = true
  }

  /** Whether all changes are durable. */
  get isSettled(): boolean {
    return isEmpty(this.#batch) && this.#committing === undefined
  }

  /** Calls back when all changes so far are durable; at once if they are. */
  whenDurable(callback: () => void): void {
    if (!isEmpty(this.#batch)) this.#batch.whenDurable.push(callback)
    else if (this.#committing !== undefined) this.#committing.whenDurable.push(callback)
    else callback()
  }

  /** Commits no further batch. Callbacks of changes that are not durable are never called. */
  stop(): void {
    this.#isStopped = true
  }

  /** Records a session that was opened, changed its subscriptions, or lost its connection. */
  session(session: Session): void {
    if (session.storageId === 0 && session.sessionExpiryInterval > 0) session.storageId = ++this.#lastSession
    if (session.storageId === 0) return
    this.#batch.sessions.add(session)
    this.#scheduleCommit()
  }

  sessionEnded(session: Session): void {
    if (session.storageId === 0) return
    this.#batch.sessions.delete(session)
    this.#put(keys.session + session.storageId, undefined)
    for (const packetId of session.inbound.packetIds)
      this.#put(inboundKey(session.storageId, packetId), undefined)
    session.storageId = 0
  }

  /** Records an outbound message that was queued or has changed. */
  outbound(session: Session, message: OutboundMessage): void {
    if (session.storageId === 0 || message.tracker?.isStored === false) return
    const { publication } = message
    if (message.storageId === 0) {
      message.storageId = ++this.#lastOutbound
      if (publication.storageReferences++ === 0) {
        publication.storageId = ++this.#lastMessage
        this.#put(keys.message + publication.storageId, encodePublication(publication))
      }
    }
    this.#put(outboundKey(session.storageId, message.storageId), encodeOutbound(message))
  }

  /** Removes an outbound message that was completed or dropped. */
  outboundEnded(session: Session, message: OutboundMessage): void {
    if (message.storageId === 0) return
    const { publication } = message
    this.#put(outboundKey(session.storageId, message.storageId), undefined)
    message.storageId = 0
    if (--publication.storageReferences > 0) return
    this.#put(keys.message + publication.storageId, undefined)
    publication.storageId = 0
  }

  /** Records that a QoS 2 message of a client was received, or removes it when it is completed. */
  inbound(session: Session, packetId: number, isOpen: boolean): void {
    if (session.storageId !== 0)
      this.#put(inboundKey(session.storageId, packetId), isOpen ? emptyValue : undefined)
  }

  retained(topic: string, publication: Publication | undefined): void {
    this.#put(keys.retained + topic, publication && encodePublication(publication))
  }

  #put(key: string, value: Uint8Array | undefined): void {
    this.#batch.changes.set(key, value)
    this.#scheduleCommit()
  }

  #scheduleCommit(): void {
    this.writes++
    if (this.#isScheduled || this.#committing !== undefined) return
    this.#isScheduled = true
    this.#dependencies.atTurnEnd(() => {
      this.#isScheduled = false
      void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    if (this.#committing !== undefined || this.#isStopped) return
    const { storage, failed, retry, willOf } = this.#dependencies
    const batch = (this.#committing = this.#batch)
    this.#batch = newBatch()
    for (const session of batch.sessions) {
      batch.changes.set(keys.session + session.storageId, encodeSession(session, willOf(session)))
    }
    batch.sessions.clear()
    if (!this.#hasFormat) batch.changes.set(formatKey, encodeFormat())
    try {
      await storage.commit(
        [...batch.changes].map(([key, value]) => (value === undefined ? { key } : { key, value })),
      )
    } catch (error) {
      this.#committing = undefined
      this.#batch = mergeBatches(batch, this.#batch)
      failed(error)
      if (this.#isStopped) return
      this.#isScheduled = true
      retry(() => {
        this.#isScheduled = false
        void this.#commit()
      })
      return
    }
    this.#committing = undefined
    this.#hasFormat = true
    for (const callback of batch.whenDurable) callback()
    if (!isEmpty(this.#batch)) await this.#commit()
  }
}

function newBatch(): Batch {
  return { changes: new Map(), sessions: new Set(), whenDurable: [] }
}

function isEmpty({ changes, sessions }: Batch): boolean {
  return changes.size === 0 && sessions.size === 0
}

/** Merges two batches; later changes override earlier ones. */
function mergeBatches(earlier: Batch, later: Batch): Batch {
  return {
    changes: new Map([...earlier.changes, ...later.changes]),
    sessions: new Set([...earlier.sessions, ...later.sessions]),
    whenDurable: [...earlier.whenDurable, ...later.whenDurable],
  }
}
