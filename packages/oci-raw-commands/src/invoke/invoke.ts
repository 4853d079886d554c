import { AntiphonError, type ErrorCode } from '@antiphon/core'
import { deadlines, quoted } from '@antiphon/core/link'
import {
  asyncScheduler,
  concat,
  defer,
  distinctUntilKeyChanged,
  from,
  Observable,
  of,
  switchMap,
  concatMap,
  takeWhile,
  tap,
  throwError,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from 'rxjs'
import { platformRecords, type CommandRecords } from './command-records.js'
import type { Invocation } from '../invocation.js'
import { invokeCommand, type InvokeCommandOptions } from './invoke-command.js'
import { isFinished, type CommandRecord, type DeliveryStatus } from '../record.js'

/** The options of `invoke$`. */
export interface InvokeOptions extends InvokeCommandOptions {
  /** Where the records of commands are read. @defaultValue the local platform at `url` */
  readonly records?: CommandRecords
  /** Milliseconds to wait for the command to finish, in addition to the timeouts of the platform. @defaultValue Infinity */
  readonly timeout?: number
}

/** A status of a command and its record. The record of the last status contains the response. */
export interface InvokeProgress {
  readonly status: DeliveryStatus
  readonly record: CommandRecord
}

/** The error code and cause for each final status without a response. */
const failures: Readonly<Partial<Record<DeliveryStatus, readonly [ErrorCode, string]>>> = {
  REFUSED: ['no-responder', 'the device has no persistent session, or is not subscribed to requestEndpoint'],
  EXPIRED: ['expired', 'it was not delivered within requestDuration and will not be delivered'],
  NOT_RESPONDED: ['timeout', 'the device did not respond within responseDuration'],
  REJECTED: ['publish-refused', 'the queue for the device is full, or the command exceeds its packet size'],
  BAD_RESPONSE: ['decode', 'the response is too large, or is not JSON'],
}

/**
 * Invokes a raw command and follows its record.
 *
 * - *on subscribe*: sends the command. *next*: each new status; with `COMPLETED`, `record.response_data` is the response.
 * - *complete*: after `COMPLETED`.
 * - *error*: `invalid-argument` with the fields that the platform rejects; `no-responder`, `expired`, `timeout`,
 *   `publish-refused` or `decode` for the other final statuses. The message contains the last status, and `cause` is the
 *   last record. `connection-lost` if the platform cannot be reached.
 * - *unsubscribe*: stops reading; the command is not cancelled.
 *
 * @example
 * ```ts
 * invoke$('ocid1.lamp', { requestDataFormat: 'TEXT', requestEndpoint: 'iot/v1/cmd' }, { url })
 *   .subscribe(({ status }) => console.log(status))
 * ```
 */
export function invoke$(
  instanceId: string,
  invocation: Invocation,
  options: InvokeOptions,
): Observable<InvokeProgress> {
  const { records = platformRecords(options), timeout = Infinity, scheduler = asyncScheduler } = options
  return defer(() => {
    let last: CommandRecord | undefined
    const progress$ = from(invokeCommand(instanceId, invocation, options)).pipe(
      switchMap((command) => records.changes$(command)),
      takeWhile((record) => !isFinished(record), true),
      tap((record) => (last = record)),
      distinctUntilKeyChanged('delivery_status'),
      concatMap((record) => toProgress$(record)),
    )
    return progress$.pipe(failAfter(timeout, scheduler, () => timeoutError(timeout, last)))
  })
}

/** Fails a stream that has not ended after `time` milliseconds. */
function failAfter<T>(
  time: number,
  scheduler: SchedulerLike,
  toError: () => Error,
): MonoTypeOperatorFunction<T> {
  return (source$) =>
    new Observable((subscriber) => {
      const deadline = deadlines(scheduler).add(time, () => subscriber.error(toError()))
      subscriber.add(() => deadline.cancel())
      subscriber.add(source$.subscribe(subscriber))
    })
}

/** Emits the status of a record, and then fails if the status is final without a response. */
function toProgress$(record: CommandRecord): Observable<InvokeProgress> {
  const { delivery_status: status, id } = record
  const progress$ = of({ status, record })
  const failure = failures[status]
  if (failure === undefined) return progress$
  const [code, cause] = failure
  const error = new AntiphonError(code, `command ${quoted(id)} failed with status ${status}: ${cause}`, {
    cause: record,
    topic: record.request_endpoint,
    correlation: id,
  })
  return concat(
    progress$,
    throwError(() => error),
  )
}

function timeoutError(timeout: number, last: CommandRecord | undefined): AntiphonError<'timeout'> {
  const status = last === undefined ? 'it was not invoked yet' : `its last status is ${last.delivery_status}`
  const message = `the command did not finish within timeout (${timeout} ms): ${status}`
  return new AntiphonError(
    'timeout',
    message,
    last === undefined ? {} : { cause: last, correlation: last.id },
  )
}
