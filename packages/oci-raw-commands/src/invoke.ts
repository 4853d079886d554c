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

/** How the platform is reached. */
export interface InvokeOptions {
  /** The root of its HTTP API, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** Where requests have to be signed, a `fetch` that signs them. @defaultValue the one that is there */
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds from one look at the record to the next. @defaultValue 1 000 */
  readonly pollInterval?: number
  /** Milliseconds to wait for the end, beside what the platform waits. @defaultValue Infinity */
  readonly timeout?: number
  /** @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** A record's status, and with the last one the answer. */
export interface InvokeProgress {
  readonly status: DeliveryStatus
  readonly record: CommandRecord
}

/** The version in every path. */
const version = '20250531'

/** What each end without an answer is called here. */
const failures: Readonly<Partial<Record<DeliveryStatus, readonly [ErrorCode, string]>>> = {
  REFUSED: ['no-responder', 'the device cannot take commands'],
  EXPIRED: ['expired', 'it was not delivered in time, and will not be'],
  NOT_RESPONDED: ['timeout', 'no answer came in time'],
  REJECTED: ['publish-refused', 'the platform has no room for it, or the device takes none as large'],
  BAD_RESPONSE: ['decode', 'the answer does not fit the command'],
}

/**
 * Invokes a raw command and follows its record.
 *
 * - *on subscribe*: invokes. *next*: each status it goes through; `COMPLETED` brings the answer in `record.response_data`.
 * - *complete*: after `COMPLETED`.
 * - *error*: `invalid-argument` with the fields the platform complains of; `no-responder`, `expired`, `timeout`,
 *   `publish-refused` or `decode` for the other ends. Their message names the last status, their `cause` is the last
 *   record. `connection-lost` when the platform cannot be reached.
 * - *unsubscribe*: looks no more; the command goes its way.
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
    pollInterval = 1_000,
    timeout = Infinity,
    scheduler = asyncScheduler,
  }: InvokeOptions,
): Observable<InvokeProgress> {
  const root = `${url.replace(/\/$/, '')}/${version}`
  const call$ = (path: string, init?: RequestInit): Observable<Response> =>
    defer(() => from(fetch(`${root}/${path}`, init).catch(unreachable(url)))).pipe(switchMap(accepted))

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
          repeat({ delay: () => timer(pollInterval, scheduler) }),
        ),
      ),
      takeWhile((record) => !isFinished(record), true),
      tap((record) => (last = record)),
      distinctUntilKeyChanged('delivery_status'),
      switchMap((record) => toProgress$(record)),
    )
    return progress$.pipe(within(timeout, scheduler, () => outOfTime(timeout, last)))
  })
}

/** Fails a stream that does not end in time. */
function within<T>(
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

/** A record as it is told: a status, and the error after one that is an end without an answer. */
function toProgress$(record: CommandRecord): Observable<InvokeProgress> {
  const { delivery_status: status, id } = record
  const told$ = of({ status, record })
  const failure = failures[status]
  if (failure === undefined) return told$
  const [code, what] = failure
  const error = new AntiphonError(code, `command ${quoted(id)} ended ${status}: ${what}`, {
    cause: record,
    topic: record.request_endpoint,
    correlation: id,
  })
  return concat(
    told$,
    throwError(() => error),
  )
}

function outOfTime(timeout: number, last: CommandRecord | undefined): AntiphonError<'timeout'> {
  const status = last === undefined ? 'not invoked yet' : `${last.delivery_status} at last`
  const message = `the command did not end within ${timeout} ms: it was ${status}`
  return new AntiphonError(
    'timeout',
    message,
    last === undefined ? {} : { cause: last, correlation: last.id },
  )
}

function unreachable(url: string): (cause: unknown) => never {
  return (cause) => {
    throw new AntiphonError('connection-lost', `${url} cannot be reached`, { cause })
  }
}

/** A response that says yes; otherwise the error it tells of. */
async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response
  const said = await response.text()
  const isOurs = response.status === 400 || response.status === 404 || response.status === 413
  throw new AntiphonError(
    isOurs ? 'invalid-argument' : 'unknown',
    `the platform answered ${response.status}: ${toMessage(said)}`,
  )
}

function toMessage(said: string): string {
  try {
    const { code, message } = JSON.parse(said) as { readonly code?: unknown; readonly message?: unknown }
    return `${String(code)}: ${String(message)}`
  } catch {
    return said.slice(0, 200)
  }
}
