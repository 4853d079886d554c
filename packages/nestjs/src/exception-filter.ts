import { ApplicationError } from '@antiphon/core'
import { Catch, HttpException, type ExceptionFilter } from '@nestjs/common'
import { throwError, type Observable } from 'rxjs'

/**
 * Lets the status of an `HttpException` and the details of an `ApplicationError` reach the requester. Without it, Nest replaces
 * both by "Internal server error", as it does for every error but `RpcException`.
 *
 * @example
 * ```ts
 * app.useGlobalFilters(new AntiphonExceptionFilter())
 * ```
 */
export class AntiphonExceptionFilter implements ExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception)
  }
}

Catch(HttpException, ApplicationError)(AntiphonExceptionFilter)
