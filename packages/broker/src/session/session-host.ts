import type { Limits } from '../limits.js'
import type { QueuePolicy } from '../options.js'
import type { Publication } from '../packet/publication.js'
import type { DropReason } from '../events.js'
import type { RetainedMessages } from '../retained/retained-messages.js'
import type { ReplayTurns } from './replay-turns.js'
import type { SessionJournal } from './session-journal.js'
import type { Session } from './session.js'

/** The parts of the broker that a session uses. */
export interface SessionHost {
  readonly limits: Limits
  readonly queuePolicy: QueuePolicy
  readonly now: () => number
  readonly dropped: (session: Session, publication: Publication, reason: DropReason) => void
  /** Returns the retained messages; a function, because they are created after the host. */
  readonly retained: () => Pick<RetainedMessages, 'latestSequence' | 'search' | 'isCurrent'>
  /** Shares the time for sending retained messages among the sessions. */
  readonly replayTurns: ReplayTurns
  /** Runs work at the end of the turn. */
  readonly atTurnEnd: (work: () => void) => void
  /** Records changes for the storage; `undefined` without a storage. */
  readonly journal: SessionJournal | undefined
}
