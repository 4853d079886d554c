import { ApplicationError } from '@antiphon/core'
import { catchError, from, isObservable, throwError, type ObservableInput } from 'rxjs'

/**
 * Runs a handler such that each of its errors is one of the application, as the protocol requires. The invoker sees the
 * details of an `ApplicationError` alone.
 */
export function withApplicationErrors<Result>(handle: () => Result): Result {
  let result: Result
  try {
    result = handle()
  } catch (thrown) {
    throw toApplicationError(thrown)
  }
  if (!isAsynchronous(result)) return result
  return from(result).pipe(
    catchError((error: unknown) => throwError(() => toApplicationError(error))),
  ) as Result
}

function toApplicationError(thrown: unknown): ApplicationError {
  if (thrown instanceof ApplicationError) return thrown
  const error = new ApplicationError({ code: 'handler-failed', message: 'the command handler failed' })
  error.cause = thrown
  return error
}

function isAsynchronous(result: unknown): result is ObservableInput<unknown> {
  if (isObservable(result)) return true
  if (typeof result !== 'object' || result === null) return false
  return 'then' in result || Symbol.asyncIterator in result
}
