import type { Publication } from '../packet/publication.js'

/** Estimated bytes of a session, of a subscription, and of a message in a queue, without what they contain. */
const sessionOverhead = 3_000
const subscriptionOverhead = 500
const messageOverhead = 200

/** Returns the estimated bytes of a session with a Will of `willBytes`. */
export function sessionBytes(clientId: string, willBytes = 0): number {
  return sessionOverhead + 2 * clientId.length + willBytes
}

/** Returns the estimated bytes of a subscription. */
export function subscriptionBytes(filter: string): number {
  return subscriptionOverhead + 2 * filter.length
}

/**
 * The estimated bytes of all sessions: their subscriptions, their Wills, and their messages in flight and queued. A message
 * in several queues counts once.
 */
export class SessionMemory {
  bytes = 0
  readonly #limit: number

  /** `limit` is `limits.totalBytes`. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether `bytes` more exceed the limit. */
  isFullFor(bytes: number): boolean {
    return this.bytes + bytes > this.#limit
  }

  /** Adds a message to a queue. */
  hold(publication: Publication): void {
    this.bytes += messageOverhead
    if (publication.holders++ === 0) this.bytes += publication.size
  }

  /** Removes a message from a queue. */
  release(publication: Publication): void {
    this.bytes -= messageOverhead
    if (--publication.holders === 0) this.bytes -= publication.size
  }
}
