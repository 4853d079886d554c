import type { Link } from '@antiphon/core'
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  race,
  ReplaySubject,
  Subject,
  switchMap,
  takeUntil,
  timer,
  startWith,
  type Observable,
} from 'rxjs'
import { serveCommands, type CommandEvent, type CommandsOptions } from './serve-commands.js'
import { isShutdown } from './shutdown.js'
import { telemetry$, type Sample, type TelemetryOptions } from './telemetry.js'

/** The options of `runDevice`. */
export interface DeviceOptions extends TelemetryOptions, CommandsOptions {
  /** Shuts the device down when it emits, for example on Ctrl-C. */
  readonly stop$?: Observable<unknown>
  /** Milliseconds that a shutdown waits for running commands. @defaultValue 2 000 */
  readonly drainTimeout?: number
}

/** An event of a device. */
export type DeviceEvent =
  | CommandEvent
  | { readonly event: 'sending'; readonly sample: Sample }
  | { readonly event: 'connected' }
  /** Telemetry has ended, and running commands have `drainTimeout` to finish. Emitted after the response to a shutdown. */
  | { readonly event: 'stopping' }

const stopping: DeviceEvent = { event: 'stopping' }

/**
 * Runs the device of the demo: sends telemetry and serves commands until a command or `stop$` shuts it down.
 *
 * - *on subscribe*: connects the link. *next*: each event of the device.
 * - *complete*: after a shutdown: telemetry has ended, running commands have finished or were stopped after `drainTimeout`,
 *   and the link is closed.
 * - *error*: as `telemetry$` and `serveCommands`. *unsubscribe*: stops everything at once and leaves the link open.
 */
export function runDevice(
  link: Link,
  { stop$ = NEVER, drainTimeout = 2_000, ...options }: DeviceOptions = {},
): Observable<DeviceEvent> {
  return defer(() => {
    const stopped$ = new ReplaySubject<void>(1)
    const recorded$ = new Subject<void>()
    let runningCount = 0
    let isStopping = false
    let isStoppingEmitted = false
    const record = (event: DeviceEvent): void => {
      if (event.event === 'received') runningCount += 1
      if (event.event === 'done') runningCount -= 1
      if (!isStopping && (event === stopping || (event.event === 'received' && event.isShutdown))) {
        isStopping = true
        stopped$.next()
      }
      isStoppingEmitted ||= event === stopping
      recorded$.next()
    }

    const commands$ = serveCommands(link, options).pipe(
      mergeMap((event) =>
        event.event === 'responding' && isShutdown(event.command.payload) ? of(event, stopping) : of(event),
      ),
    )
    const work$ = merge(commands$, stop$.pipe(map(() => stopping))).pipe(
      filter((event) => event !== stopping || !isStoppingEmitted),
      // Emits an event before it is recorded: recording may complete the stream.
      concatMap((event) =>
        concat(
          of(event),
          defer(() => {
            record(event)
            return EMPTY
          }),
        ),
      ),
    )
    const telemetryEvents$ = telemetry$(link, options).pipe(
      map((sample): DeviceEvent => ({ event: 'sending', sample })),
      takeUntil(stopped$),
    )
    const connected$ = link.state$.pipe(
      filter(({ status }) => status === 'online'),
      map((): DeviceEvent => ({ event: 'connected' })),
    )
    const isIdle$ = recorded$.pipe(
      startWith(undefined),
      filter(() => runningCount === 0),
    )
    const finished$ = stopped$.pipe(switchMap(() => race(isIdle$, timer(drainTimeout, link.scheduler))))
    return concat(
      merge(work$, telemetryEvents$, connected$).pipe(takeUntil(finished$)),
      defer(() => {
        void link.close()
        return link.state$.pipe(ignoreElements())
      }),
    )
  })
}
