import {
  AntiphonError,
  ApplicationError,
  formatDecodeError,
  type DecodeError,
  type Failure,
  type ReportedFailure,
} from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'
import { HttpException } from '@nestjs/common'
import { RpcException } from '@nestjs/microservices'

/**
 * Returns the error that a responder reports for one of a handler or of Nest's exception filters. What an `RpcException`
 * carries and the response of an `HttpException` are sent as they are; details of any other `Error` are not.
 */
export function toHandlerError(thrown: unknown): unknown {
  if (thrown instanceof RpcException) return carrying(rpcErrorIn(thrown))
  if (thrown instanceof HttpException) return fromHttp(thrown)
  return thrown instanceof Error ? thrown : carrying(thrown)
}

/** Returns what a filter of Nest sends for an `RpcException`. */
function rpcErrorIn(exception: RpcException): unknown {
  const error = exception.getError()
  return typeof error === 'string' ? { status: 'error', message: error } : error
}

function fromHttp(exception: HttpException): ApplicationError {
  const status = exception.getStatus()
  return new ApplicationError({
    code: String(status),
    message: exception.message,
    payload: JSON.stringify(exception.getResponse()),
    ...(isErrorStatus(status) && { status }),
  })
}

function carrying(error: unknown): ApplicationError {
  const { code, message, payload, status } = readError(error)
  return new ApplicationError({ code, message, payload, ...(status !== undefined && { status }) })
}

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
  if (applicationPayload !== undefined) return parse(applicationPayload)
  if (applicationCode !== undefined) return { status: 'error', message, code: applicationCode }
  return { status: 'error', message, statusCode: code }
}

/**
 * Returns what the service has thrown: the error of its `RpcException`, or the response of its `HttpException`. Returns
 * `undefined` for any other error, such as a timeout.
 *
 * @example
 * ```ts
 * catchError((error) => throwError(() => rpcErrorOf(error) ?? error))
 * ```
 */
export function rpcErrorOf(error: unknown): unknown {
  const payload = error instanceof AntiphonError ? error.status?.applicationPayload : undefined
  return payload === undefined ? undefined : parse(payload)
}

/** Returns the text of an error for logs: of a payload that does not decode, of an `Error`, or of what Nest's filters throw. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.message
  return isDecodeError(error) ? formatDecodeError(error) : readError(error).message
}

function isDecodeError(error: unknown): error is DecodeError {
  return isJsonObject(error) && Array.isArray(error['issues']) && 'contentType' in error
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown
  } catch {
    return payload
  }
}

/** The parts of an error that a status can carry. */
interface ErrorParts {
  readonly code: string
  readonly message: string
  readonly payload: string
  readonly status: number | undefined
}

function readError(error: unknown): ErrorParts {
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

function isErrorStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599
}
