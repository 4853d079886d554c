import type { Publication } from '../packet/publication.js'
import type { Delivery } from '../session/delivery.js'
import type { Session } from '../session/session.js'

/** Writes what must survive to the storage, and says when it has. */
export interface Journal {
  /** Whether something waits to be made durable. */
  readonly isDirty: boolean
  /** Calls back when all that was written so far is durable. */
  readonly whenDurable: (then: () => void) => void
  readonly queued: (session: Session, delivery: Delivery) => void
  readonly received: (session: Session, delivery: Delivery) => void
  /** A QoS 2 message of a client came in, or is over. */
  readonly inbound: (session: Session, packetId: number, isOpen: boolean) => void
  readonly session: (session: Session) => void
  readonly sessionEnded: (session: Session) => void
  readonly finished: (session: Session, delivery: Delivery) => void
  readonly retained: (topic: string, publication: Publication | undefined) => void
}
