import type { Failure } from '../protocol/status.js'
import { UNSENDABLE } from './failures.js'
import {
  toBareFailureResponse,
  toEmptyResponse,
  toFailureResponse,
  type OutgoingResponse,
  type ResponseFrame,
} from './outgoing-response.js'

/** A way to reply; where it cannot be gone, the next one is tried. */
export interface ResponseAttempt {
  readonly toResponse: (frame: ResponseFrame) => OutgoingResponse | undefined
  /** The status it tells where that is not what was wanted at first. */
  readonly status?: number | undefined
}

/** The ways to tell a failure: in all its words, and where these get in the way, in none. */
export function failureAttempts(failure: Failure): readonly ResponseAttempt[] {
  const { code: status } = failure
  return [
    { status, toResponse: (frame) => toFailureResponse(frame, failure) },
    { status, toResponse: (frame) => toBareFailureResponse(frame, { code: status }) },
  ]
}

/** Where an answer cannot be sent. */
export const RESPONSE_FALLBACKS: readonly ResponseAttempt[] = failureAttempts(UNSENDABLE)

/** Where there is no answer, and nothing went wrong. */
export const EMPTY_RESPONSE: readonly ResponseAttempt[] = [{ toResponse: toEmptyResponse }]

/** Whether a reply can be made this way. */
export function canBuild({ toResponse: toReply }: ResponseAttempt, frame: ResponseFrame): boolean {
  try {
    return toReply(frame) !== undefined
  } catch {
    return false
  }
}
