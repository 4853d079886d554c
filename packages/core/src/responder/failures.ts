import type { DecodeError } from '../codec/codec.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { userProperty, type Message } from '../message.js'
import { Status, toFailure, type Failure } from '../protocol/status.js'

/** The major version of the protocol that this responder supports. */
const MAJOR_VERSION = 1

/** The queue is full, or the responder is draining. */
export const BUSY: Failure = { code: Status.unavailable, message: 'busy: retry later' }

/** Returns the failure of a request that has waited for so long that a handler could not end in time. */
export function tooLateFailure(timeLeft: number, handlerTime: number): Failure {
  const left = Math.max(0, Math.floor(timeLeft))
  const message = `too late: ${left} ms are left, and a handler takes ${Math.ceil(handlerTime)} ms`
  return { code: Status.unavailable, message }
}

/** The handler responded, but the response could not be encoded or sent. */
export const UNSENDABLE: Failure = {
  code: Status.internalError,
  message: 'the response could not be encoded or sent',
  propertyName: 'Response',
}

/** The handler completed without a response, and the requester could not decode an empty payload. */
export const NO_RESPONSE: Failure & { readonly message: string } = {
  code: Status.internalError,
  message: 'the handler completed without a response',
  propertyName: 'Handler',
}

const HANDLER_FAILED: Failure = {
  code: Status.internalError,
  message: 'the handler failed',
  propertyName: 'Handler',
}

/** Returns the failure for an unsupported protocol version; `undefined` if it is supported or not named. */
export function versionFailure({ userProperties }: Message): Failure | undefined {
  const version = userProperty(userProperties, '__protVer')
  if (version === undefined || version.split('.')[0] === String(MAJOR_VERSION)) return undefined
  return {
    code: Status.unsupportedVersion,
    message: `protocol version ${version} is not supported`,
    supportedMajorVersions: [MAJOR_VERSION],
    requestedVersion: version,
  }
}

/** Returns the failure for a payload that does not decode: 400, or 415 for an unsupported content type. */
export function payloadFailure(error: DecodeError): Failure {
  const message = formatDecodeError(error)
  if (error.kind === 'payload') return { code: Status.badRequest, message }
  return {
    code: Status.unsupportedMediaType,
    message,
    propertyName: 'Content Type',
    propertyValue: error.contentType,
  }
}

/** Returns the failure to send for a handler's error; only an `ApplicationError` reveals its details. */
export function handlerFailure(error: unknown): Failure {
  return toFailure(error, HANDLER_FAILED)
}

/** Returns the failure to send when a handler exceeds its time. */
export function handlerTimeoutFailure(handlerTimeout: number): Failure {
  return {
    code: Status.timeout,
    message: `the handler exceeded ${handlerTimeout} ms`,
    propertyName: 'ExecutionTimeout',
    propertyValue: `PT${handlerTimeout / 1000}S`,
  }
}
