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

/** How the whole device behaves. */
export interface DeviceOptions extends TelemetryOptions, CommandsOptions {
  /** Another way than a command to shut it down, such as Ctrl-C. */
  readonly stop$?: Observable<unknown>
  /** Milliseconds that a shutdown gives what is in hand. @defaultValue 2 000 */
  readonly drainTimeout?: number
}

/** What a device does. */
export type DeviceEvent =
  | CommandEvent
  | { readonly event: 'sending'; readonly sample: Sample }
  | { readonly event: 'connected' }
  /** It sends no more telemetry, and what is in hand has a while to finish; told behind the reply to a shutdown. */
  | { readonly event: 'stopping' }

const stopping: DeviceEvent = { event: 'stopping' }

/**
 * The device of the demo: sends telemetry and answers commands until a command, or `stop$`, shuts it down.
 *
 * - *on subscribe*: opens the link. *next*: what it does.
 * - *complete*: it is shut down: telemetry ended at once, what was in hand was finished or given up, the link is closed.
 * - *error*: as `telemetry$` and `serveCommands`. *unsubscribe*: stops without finishing, and leaves the link open.
 */
export function runDevice(
  link: Link,
  { stop$ = NEVER, drainTimeout = 2_000, ...options }: DeviceOptions = {},
): Observable<DeviceEvent> {
  return defer(() => {
    const stopped$ = new ReplaySubject<void>(1)
    const noted$ = new Subject<void>()
    let inHand = 0
    let isStopping = false
    let isTold = false
    const note = (each: DeviceEvent): void => {
      if (each.event === 'received') inHand += 1
      if (each.event === 'done') inHand -= 1
      if (!isStopping && (each === stopping || (each.event === 'received' && each.isShutdown))) {
        isStopping = true
        stopped$.next()
      }
      isTold ||= each === stopping
      noted$.next()
    }

    const commands$ = serveCommands(link, options).pipe(
      mergeMap((each) =>
        each.event === 'replying' && isShutdown(each.command.payload) ? of(each, stopping) : of(each),
      ),
    )
    const work$ = merge(commands$, stop$.pipe(map(() => stopping))).pipe(
      filter((each) => each !== stopping || !isTold),
      // What is told is told before it can be the end.
      concatMap((each) =>
        concat(
          of(each),
          defer(() => {
            note(each)
            return EMPTY
          }),
        ),
      ),
    )
    const sending$ = telemetry$(link, options).pipe(
      map((sample): DeviceEvent => ({ event: 'sending', sample })),
      takeUntil(stopped$),
    )
    const connected$ = link.state$.pipe(
      filter(({ status }) => status === 'online'),
      map((): DeviceEvent => ({ event: 'connected' })),
    )
    const isIdle$ = noted$.pipe(
      startWith(undefined),
      filter(() => inHand === 0),
    )
    const finished$ = stopped$.pipe(switchMap(() => race(isIdle$, timer(drainTimeout, link.scheduler))))
    return concat(
      merge(work$, sending$, connected$).pipe(takeUntil(finished$)),
      defer(() => {
        void link.close()
        return link.state$.pipe(ignoreElements())
      }),
    )
  })
}
