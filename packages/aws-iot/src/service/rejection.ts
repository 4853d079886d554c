import type { Codec, Failure, ReportedFailure } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'

/** Why a service has rejected a request. */
export interface Rejection {
  /** An HTTP status code of the Device Shadow service, or the name of an error of the other services. */
  readonly code: number | string
  readonly message?: string
  /** The state of a job execution that differs from the expected one. */
  readonly executionState?: Readonly<Record<string, unknown>>
  /** Absent if the request could not be read. */
  readonly clientToken?: string
  readonly timestamp?: number
}

/** The HTTP status codes of the named errors, as the services return them over HTTPS. */
const STATUS: Readonly<Record<string, number>> = {
  InvalidTopic: 400,
  InvalidJson: 400,
  InvalidRequest: 400,
  ResourceNotFound: 404,
  InvalidStateTransition: 409,
  VersionMismatch: 409,
  TerminalStateReached: 410,
  RequestThrottled: 429,
  InternalError: 500,
}

/** The codec of rejections. */
export const rejectionCodec: Codec<Rejection> = objectCodec(
  'a rejection with a code',
  (frame): frame is Record<string, unknown> & Rejection =>
    (typeof frame['code'] === 'number' || typeof frame['code'] === 'string') &&
    (frame['executionState'] === undefined || isJsonObject(frame['executionState'])),
)

/** Reads the failure of a request: a status code, and for named errors the name and the state of the job execution. */
export function failureOf({ code, message, executionState }: Rejection): Failure {
  const text = message === undefined ? {} : { message }
  if (typeof code === 'number') return { code, ...text }
  return {
    code: statusOf(code),
    ...text,
    applicationCode: code,
    ...(executionState && { applicationPayload: JSON.stringify(executionState) }),
  }
}

/** Returns the HTTP status code of a named error. */
export function statusOf(name: string): number {
  return STATUS[name] ?? 500
}

/** Returns the rejection that reports a failure: with the code of the `ApplicationError`, or else with the status. */
export function toRejection({ code, message, applicationCode = String(code) }: ReportedFailure): Rejection {
  return { code: /^\d{3}$/.test(applicationCode) ? Number(applicationCode) : applicationCode, message }
}
