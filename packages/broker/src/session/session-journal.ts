import type { OutboundMessage } from './outbound-message.js'
import type { Session } from './session.js'

/** Records the changes of sessions for the storage. */
export interface SessionJournal {
  /** The number of changes so far, of which an operation caused those since it began. */
  readonly writes: number
  /** Whether all changes are durable. */
  readonly isSettled: boolean
  /** Records a session that was opened, changed its subscriptions, or lost its connection. */
  readonly session: (session: Session) => void
  readonly sessionEnded: (session: Session) => void
  /** Records an outbound message that was queued or has changed. */
  readonly outbound: (session: Session, message: OutboundMessage) => void
  /** Removes an outbound message that was completed or dropped. */
  readonly outboundEnded: (session: Session, message: OutboundMessage) => void
  /** Calls back when all changes so far are durable; at once if they are. */
  readonly whenDurable: (callback: () => void) => void
}
