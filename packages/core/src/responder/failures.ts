import { ApplicationError } from '../application-error.js'
import { Status, type Failure } from '../protocol/status.js'

/** The queue is full, or the responder is draining. */
export const BUSY: Failure = { code: Status.unavailable, message: 'busy: retry later' }

/** The handler responded, but the response could not be encoded or sent. */
export const UNSENDABLE: Failure = {
  code: Status.internalError,
  message: 'the response could not be encoded or sent',
  propertyName: 'Response',
}

/** Returns the failure to send for a handler's error; only an `ApplicationError` reveals its details. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof ApplicationError)) {
    return { code: Status.internalError, message: 'the handler failed', propertyName: 'Handler' }
  }
  return {
    code: Status.internalError,
    message: error.message,
    isApplicationError: true,
    applicationCode: error.code,
    ...(error.payload === undefined ? {} : { applicationPayload: error.payload }),
  }
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
