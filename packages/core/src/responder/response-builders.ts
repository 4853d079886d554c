import type { Failure } from '../protocol/status.js'
import { UNSENDABLE } from './failures.js'
import {
  toBareFailureResponse,
  toEmptyResponse,
  toFailureResponse,
  type OutgoingResponse,
  type ResponseFrame,
} from './outgoing-response.js'

/** Builds one possible response to a request; if it cannot be built or sent, the next builder is tried. */
export interface ResponseBuilder {
  /** Returns `undefined` if the requester gets no response. Throws if the response does not encode. */
  readonly build: (frame: ResponseFrame) => OutgoingResponse | undefined
  /** The status that is reported if this response is sent as a fallback. */
  readonly status?: number | undefined
}

/** Returns the builders of a failure response: with all details, then with the status alone. */
export function failureBuilders(failure: Failure): readonly ResponseBuilder[] {
  const { code: status } = failure
  return [
    { status, build: (frame) => toFailureResponse(frame, failure) },
    { status, build: (frame) => toBareFailureResponse(frame, { code: status }) },
  ]
}

/** The fallbacks of a response that cannot be encoded or sent. */
export const RESPONSE_FALLBACKS: readonly ResponseBuilder[] = failureBuilders(UNSENDABLE)

/** Builds the response of a handler that completes without one. */
export const EMPTY_RESPONSE: readonly ResponseBuilder[] = [{ build: toEmptyResponse }]

/** Whether a builder returns a response. */
export function canBuild({ build }: ResponseBuilder, frame: ResponseFrame): boolean {
  try {
    return build(frame) !== undefined
  } catch {
    return false
  }
}
