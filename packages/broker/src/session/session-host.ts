import type { Limits } from '../limits.js'
import type { QueuePolicy } from '../options.js'
import type { Publication } from '../packet/publication.js'
import type { DropReason } from '../events.js'
import type { RetainedMessages } from '../retained/retained-messages.js'
import type { DeliveryRights } from './delivery-rights.js'
import type { ReplayTurns } from './replay-turns.js'
import type { SessionMemory } from './session-memory.js'
import type { SessionJournal } from './session-journal.js'
import type { Session } from './session.js'
import type { SharedGroup } from './shared-group.js'

/** The parts of the broker that a session uses. */
export interface SessionHost {
  readonly limits: Limits
  readonly queuePolicy: QueuePolicy
  readonly now: () => number
  /** Reports a message that a session does not receive, and the limit that was reached, if any. */
  readonly dropped: (
    session: Session,
    publication: Publication,
    reason: DropReason,
    limit?: keyof Limits,
  ) => void
  /** The rights to messages; `undefined` if every subscriber may receive every message. */
  readonly rights: Pick<DeliveryRights, 'allows'> | undefined
  /** Gives a message of a shared subscription to another member than `session`, which may not receive it. */
  readonly passOn: (group: SharedGroup, publication: Publication, session: Session) => void
  readonly memory: SessionMemory
  /** Whether a message of `bytes` fits into `limits.totalBytes`; makes room by the memory policy. */
  readonly admitMessage: (bytes: number) => boolean
  /** Returns the retained messages; a function, because they are created after the host. */
  readonly retained: () => Pick<RetainedMessages, 'latestSequence' | 'search' | 'isCurrent'>
  /** Shares the time for sending retained messages among the sessions. */
  readonly replayTurns: ReplayTurns
  /** Runs work at the end of the turn. */
  readonly atTurnEnd: (work: () => void) => void
  /** Records changes for the storage; `undefined` without a storage. */
  readonly journal: SessionJournal | undefined
}
