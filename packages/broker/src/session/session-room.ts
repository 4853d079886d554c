import type { Limits } from '../limits.js'
import type { MemoryPolicy, SessionPolicy } from '../options.js'
import { sessionBytes } from './session-memory.js'
import type { SessionMemory } from './session-memory.js'
import type { Session } from './session.js'

/** The part of `limits.totalBytes` that is freed at a time, so that the sessions are not searched for each message. */
const freedPart = 0.01

/** How many sessions lose messages at a time; more would take too long while a message is routed. */
const maxVictims = 16

/** The components that decide on the room for sessions. */
export interface SessionRoomDependencies {
  readonly limits: Pick<Limits, 'sessions' | 'totalBytes'>
  readonly sessionPolicy: SessionPolicy
  readonly memoryPolicy: MemoryPolicy
  readonly memory: SessionMemory
  readonly sessions: Iterable<Session> & {
    readonly size: number
    readonly get: (clientId: string) => Session | undefined
    readonly longestDisconnected: Session | undefined
    readonly end: (session: Session, limit?: keyof Limits) => void
  }
  /** Runs work at the end of the turn. */
  readonly atTurnEnd: (work: () => void) => void
}

/**
 * The room for sessions and for what they hold, as `limits.sessions` and `limits.totalBytes` bound it. It makes room by the
 * policies, so that clients that fill the broker do not lock out all others.
 */
export class SessionRoom {
  readonly #dependencies: SessionRoomDependencies
  #isScheduled = false

  constructor(dependencies: SessionRoomDependencies) {
    this.#dependencies = dependencies
  }

  /** Returns why a client cannot connect although room could be made for it; `undefined` if it can. Changes nothing. */
  refusal(clientId: string): string | undefined {
    const { sessions, sessionPolicy } = this.#dependencies
    const canMakeRoom = sessionPolicy === 'end-oldest' && sessions.longestDisconnected !== undefined
    return canMakeRoom ? undefined : this.#fault(clientId, 0)
  }

  /**
   * Makes room for the session of an admitted client by ending others, which publishes their Wills; returns why there is
   * none.
   */
  admit(clientId: string, willBytes: number): string | undefined {
    const { sessions, sessionPolicy, memoryPolicy } = this.#dependencies
    while (sessionPolicy === 'end-oldest' && this.#isTableFullFor(clientId)) {
      const victim = sessions.longestDisconnected
      if (victim === undefined) break
      sessions.end(victim, 'sessions')
    }
    if (memoryPolicy === 'drop-largest' && this.#isMemoryFullFor(clientId, willBytes))
      this.#free(sessionBytes(clientId, willBytes))
    return this.#fault(clientId, willBytes)
  }

  /** Returns whether a message of `bytes` fits, after dropping queued messages of the sessions that hold most. */
  admitMessage(bytes: number): boolean {
    const { memory, memoryPolicy, limits } = this.#dependencies
    if (!memory.isFullFor(bytes)) return true
    if (memoryPolicy === 'refuse-new') return false
    const wanted = bytes + limits.totalBytes * freedPart
    for (let round = 0; round < maxVictims && memory.isFullFor(wanted); round++) {
      const victim = this.#largest(({ outbound }) => outbound.queuedCount > 0)
      if (victim === undefined) break
      victim.outbound.dropOldest('totalBytes', () => !memory.isFullFor(wanted))
    }
    return this.admitSubscription(bytes)
  }

  /** Returns whether a subscription of `bytes` fits. If it does not, room is made at the end of the turn, for the next one. */
  admitSubscription(bytes: number): boolean {
    const { memory, memoryPolicy, atTurnEnd } = this.#dependencies
    if (!memory.isFullFor(bytes)) return true
    if (memoryPolicy === 'refuse-new' || this.#isScheduled) return false
    this.#isScheduled = true
    // Later, because ending a session changes the subscriptions while a message is being routed.
    atTurnEnd(() => {
      this.#isScheduled = false
      this.#free(bytes)
    })
    return false
  }

  /** Ends disconnected sessions that hold most until `bytes` fit. */
  #free(bytes: number): void {
    const { memory, sessions, limits } = this.#dependencies
    const wanted = bytes + limits.totalBytes * freedPart
    for (let round = 0; round < maxVictims && memory.isFullFor(wanted); round++) {
      const victim = this.#largest(({ peer }) => peer === null)
      if (victim === undefined) return
      sessions.end(victim, 'totalBytes')
    }
  }

  #largest(isCandidate: (session: Session) => boolean): Session | undefined {
    let largest: Session | undefined
    for (const session of this.#dependencies.sessions) {
      if (isCandidate(session) && (largest === undefined || session.heldBytes > largest.heldBytes))
        largest = session
    }
    return largest
  }

  #isTableFullFor(clientId: string): boolean {
    const { sessions, limits } = this.#dependencies
    return sessions.size >= limits.sessions && sessions.get(clientId) === undefined
  }

  #isMemoryFullFor(clientId: string, willBytes: number): boolean {
    const { sessions, memory } = this.#dependencies
    const isKnown = sessions.get(clientId) !== undefined
    return memory.isFullFor(isKnown ? willBytes : sessionBytes(clientId, willBytes))
  }

  #fault(clientId: string, willBytes: number): string | undefined {
    const { limits } = this.#dependencies
    if (this.#isTableFullFor(clientId)) return `too many sessions: limits.sessions is ${limits.sessions}`
    if (this.#isMemoryFullFor(clientId, willBytes))
      return `the sessions hold too many bytes: limits.totalBytes is ${limits.totalBytes}`
    return undefined
  }
}
