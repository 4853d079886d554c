import type { Failure, ReportedFailure } from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'

/** Reads an error that a NestJS service has sent. */
export function failureIn(error: unknown): Failure {
  const { code, message, payload, status = 500 } = readError(error)
  return {
    code: status,
    message,
    isApplicationError: true,
    applicationCode: code,
    applicationPayload: payload,
  }
}

/** Returns the error that a NestJS client gets for a failure. */
export function nestErrorOf({ code, message, ...failure }: ReportedFailure): unknown {
  const { applicationPayload, applicationCode } = failure
  if (applicationPayload !== undefined) return parseError(applicationPayload)
  if (applicationCode !== undefined) return { status: 'error', message, code: applicationCode }
  return { status: 'error', message, statusCode: code }
}

/** Reads the JSON of an error; other text is the error. */
export function parseError(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown
  } catch {
    return payload
  }
}

/** The parts of an error that a status can carry. */
export interface ErrorParts {
  readonly code: string
  readonly message: string
  readonly payload: string
  readonly status: number | undefined
}

/** Reads the parts of an error of any type. */
export function readError(error: unknown): ErrorParts {
  const payload = toText(error)
  if (!isJsonObject(error)) {
    return { code: 'error', message: typeof error === 'string' ? error : payload, payload, status: undefined }
  }
  const { code, status, statusCode, message } = error
  return {
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : 'error',
    message: typeof message === 'string' ? message : payload,
    payload,
    status: [statusCode, status].find(isErrorStatus),
  }
}

function toText(error: unknown): string {
  try {
    // `undefined` has no JSON.
    return String(JSON.stringify(error))
  } catch {
    return String(error)
  }
}

/** Whether a value is the status of an error. */
export function isErrorStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599
}
