import { AntiphonError, ApplicationError, formatDecodeError, type DecodeError } from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'
import { HttpException } from '@nestjs/common'
import { RpcException } from '@nestjs/microservices'
import { isErrorStatus, parseError, readError } from './wire/failures.js'

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
  return payload === undefined ? undefined : parseError(payload)
}

/** Returns the text of an error for logs: of a payload that does not decode, of an `Error`, or of what Nest's filters throw. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.message
  return isDecodeError(error) ? formatDecodeError(error) : readError(error).message
}

function isDecodeError(error: unknown): error is DecodeError {
  return isJsonObject(error) && Array.isArray(error['issues']) && 'contentType' in error
}
