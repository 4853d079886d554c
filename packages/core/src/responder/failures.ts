import { ApplicationError } from '../application-error.js'
import { Status, type Failure } from '../protocol/status.js'

/** There is no room. */
export const BUSY: Failure = { code: Status.unavailable, message: 'busy: ask again later' }

/** The handler gave an answer, but it did not get through. */
export const UNSENDABLE: Failure = {
  code: Status.internalError,
  message: 'the answer could not be encoded or sent',
  propertyName: 'Answer',
}

/** What the caller is told of an error: all of an application's own, nothing of any other. */
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

/** The handler had its time. */
export function handlerTimeoutFailure(handlerTimeout: number): Failure {
  return {
    code: Status.timeout,
    message: `the handler had ${handlerTimeout} ms`,
    propertyName: 'ExecutionTimeout',
    propertyValue: `PT${handlerTimeout / 1000}S`,
  }
}
