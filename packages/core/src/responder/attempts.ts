import type { Failure } from '../status.js'
import { UNSENDABLE } from './failures.js'
import { toBareFailure, toEmptyAnswer, toFailureReply, type Reply, type ReplyFrame } from './reply.js'

/** A way to reply; where it cannot be gone, the next one is tried. */
export interface Attempt {
  readonly toReply: (frame: ReplyFrame) => Reply | undefined
  /** The status it tells where that is not what was wanted at first. */
  readonly status?: number | undefined
}

/** The ways to tell a failure: in all its words, and where these get in the way, in none. */
export function failing(failure: Failure): readonly Attempt[] {
  const { code: status } = failure
  return [
    { status, toReply: (frame) => toFailureReply(frame, failure) },
    { status, toReply: (frame) => toBareFailure(frame, { code: status }) },
  ]
}

/** Where an answer cannot be sent. */
export const IN_PLACE_OF_ANSWER: readonly Attempt[] = failing(UNSENDABLE)

/** Where there is no answer, and nothing went wrong. */
export const NOTHING_TO_TELL: readonly Attempt[] = [{ toReply: toEmptyAnswer }]

/** Whether a reply can be made this way. */
export function canMake({ toReply }: Attempt, frame: ReplyFrame): boolean {
  try {
    return toReply(frame) !== undefined
  } catch {
    return false
  }
}
