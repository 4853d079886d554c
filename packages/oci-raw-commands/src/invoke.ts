import { AntiphonError, type ErrorCode } from '@antiphon/core'
import { deadlines, quoted } from '@antiphon/core/link'
import {
  asyncScheduler,
  concat,
  defer,
  distinctUntilKeyChanged,
  from,
  map,
  Observable,
  of,
  repeat,
  switchMap,
  takeWhile,
  tap,
  throwError,
  timer,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from 'rxjs'
import type { Invocation } from './invocation.js'
import { isFinished, type CommandRecord, type DeliveryStatus } from './record.js'

/** The options of `invoke$`. */
export interface InvokeOptions {
  /** The root of its HTTP API, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** The function that sends HTTP requests, for example one that signs them. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds between two reads of the record. @defaultValue 1 000 */
  readonly pollPeriod?: number
  /** Milliseconds to wait for the command to finish, in addition to the timeouts of the platform. @defaultValue Infinity */
  readonly timeout?: number
  /** @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** A status of a command and its record. The record of the last status contains the response. */
export interface InvokeProgress {
  readonly status: DeliveryStatus
  readonly record: CommandRecord
}

/** The API version in every path. */
const version = '20250531'

/** The error code and cause for each final status without a response. */
const failures: Readonly<Partial<Record<DeliveryStatus, readonly [ErrorCode, string]>>> = {
  REFUSED: ['no-responder', 'the device has no persistent session, or is not subscribed to requestEndpoint'],
  EXPIRED: ['expired', 'it was not delivered within requestDuration and will not be delivered'],
  NOT_RESPONDED: ['timeout', 'the device did not respond within responseDuration'],
  REJECTED: ['publish-refused', 'the queue for the device is full, or the command exceeds its packet size'],
  BAD_RESPONSE: ['decode', 'the response is too large, or is not JSON'],
}

/**
 * Invokes a raw command and polls its record.
 *
 * - *on subscribe*: sends the command. *next*: each new status; with `COMPLETED`, `record.response_data` is the response.
 * - *complete*: after `COMPLETED`.
 * - *error*: `invalid-argument` with the fields that the platform rejects; `no-responder`, `expired`, `timeout`,
 *   `publish-refused` or `decode` for the other final statuses. The message contains the last status, and `cause` is the
 *   last record. `connection-lost` if the platform cannot be reached.
 * - *unsubscribe*: stops polling; the command is not cancelled.
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
  {
    url,
    fetch = globalThis.fetch,
    pollPeriod = 1_000,
    timeout = Infinity,
    scheduler = asyncScheduler,
  }: InvokeOptions,
): Observable<InvokeProgress> {
  const root = `${url.replace(/\/$/, '')}/${version}`
  const call$ = (path: string, init?: RequestInit): Observable<Response> =>
    defer(() => from(fetch(`${root}/${path}`, init).catch(throwUnreachable(url)))).pipe(switchMap(requireOk))

  return defer(() => {
    let last: CommandRecord | undefined
    const posted$ = call$(`digitalTwinInstances/${encodeURIComponent(instanceId)}/actions/invokeRawCommand`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(invocation),
    })
    const progress$ = posted$.pipe(
      map((response) => response.headers.get('opc-request-id') ?? ''),
      switchMap((id) =>
        call$(`rawCommands/${encodeURIComponent(id)}`).pipe(
          switchMap((response) => response.json() as Promise<CommandRecord>),
          repeat({ delay: () => timer(pollPeriod, scheduler) }),
        ),
      ),
      takeWhile((record) => !isFinished(record), true),
      tap((record) => (last = record)),
      distinctUntilKeyChanged('delivery_status'),
      switchMap((record) => toProgress$(record)),
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

function throwUnreachable(url: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AntiphonError('connection-lost', `cannot reach the platform at ${url}: ${reason}`, { cause })
  }
}

/** Returns a successful response; throws an error with the platform's message otherwise. */
async function requireOk(response: Response): Promise<Response> {
  if (response.ok) return response
  const body = await response.text()
  const isInvalid = response.status === 400 || response.status === 404 || response.status === 413
  throw new AntiphonError(
    isInvalid ? 'invalid-argument' : 'unknown',
    `the platform answered ${response.status}: ${describeBody(body)}`,
  )
}

function describeBody(body: string): string {
  try {
    const { code, message } = JSON.parse(body) as { readonly code?: unknown; readonly message?: unknown }
    return `${String(code)}: ${String(message)}`
  } catch {
    return body.slice(0, 200)
  }
}
