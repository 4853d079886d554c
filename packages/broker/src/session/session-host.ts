import type { Limits } from '../limits.js'
import type { QueuePolicy } from '../options.js'
import type { Publication } from '../packet/publication.js'
import type { DropReason } from '../events.js'
import type { Retained } from '../retained/retained.js'
import type { Journal } from '../storage/journal.js'
import type { Session } from './session.js'

/** What a session needs of the broker around it. */
export interface SessionHost {
  readonly limits: Limits
  readonly queuePolicy: QueuePolicy
  readonly now: () => number
  readonly dropped: (session: Session, publication: Publication, reason: DropReason) => void
  /** The retained messages; a function, for they are made after it. */
  readonly retained: () => Pick<Retained, 'latest' | 'matching' | 'isCurrent'>
  /** Does something when the present turn is over. */
  readonly later: (work: () => void) => void
  /** The storage's side of every change, where there is a storage. */
  readonly journal: Journal | undefined
}
