import type { Link } from '@antiphon/core'
import {
  connect,
  defer,
  delay,
  endWith,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  takeUntil,
  tap,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs'
import { serveCommands, type CommandEvent, type CommandsOptions } from './serve-commands.js'
import { isShutdown } from './shutdown.js'
import { telemetry$, type Sample, type TelemetryOptions } from './telemetry.js'

/** The options of `runDevice`. */
export interface DeviceOptions extends TelemetryOptions, CommandsOptions {
  /** Shuts the device down when it emits, for example on Ctrl-C. */
  readonly stop$?: Observable<unknown>
  /** Milliseconds that the device still serves commands after a shutdown. @defaultValue 2 000, as in the original */
  readonly shutdownDelay?: number
}

/** An event of a device. */
export type DeviceEvent =
  | CommandEvent
  | { readonly event: 'sending'; readonly sample: Sample }
  | { readonly event: 'connected' }
  /** Telemetry has ended, by `stop$` or after the response to a shutdown command; `shutdownDelay` starts. */
  | { readonly event: 'stopping'; readonly isInterrupted: boolean }

/**
 * Runs the device of the demo: sends telemetry and serves commands until a command or `stop$` shuts it down.
 *
 * - *on subscribe*: connects the link. *next*: each event of the device.
 * - *complete*: after a shutdown: telemetry has ended, commands were served for `shutdownDelay`, and the link is closed.
 *   Commands without a response by then stay unacknowledged. The subscription stays for the next start.
 * - *error*: as `telemetry$` and `serveCommands`. *unsubscribe*: stops everything at once and leaves the link open.
 */
export function runDevice(
  link: Link,
  { stop$ = NEVER, shutdownDelay = 2_000, ...options }: DeviceOptions = {},
): Observable<DeviceEvent> {
  const connected$ = link.state$.pipe(
    filter(({ status }) => status === 'online'),
    map((): DeviceEvent => ({ event: 'connected' })),
  )
  const samples$ = telemetry$(link, options).pipe(
    map((sample): DeviceEvent => ({ event: 'sending', sample })),
  )
  const commands$ = serveCommands(link, options).pipe(
    mergeMap((event) =>
      event.event === 'responding' && isShutdown(event.command.payload)
        ? of(event, stopping(false))
        : of(event),
    ),
  )
  return merge(commands$, stop$.pipe(map(() => stopping(true)))).pipe(
    firstStopping(),
    connect((work$) => {
      const shutdowns$ = work$.pipe(
        filter((event) => event.event === 'stopping' || (event.event === 'received' && event.isShutdown)),
      )
      const isDelayOver$ = work$.pipe(
        filter(({ event }) => event === 'stopping'),
        delay(shutdownDelay, link.scheduler),
      )
      // Closes the link below its subscription: unsubscribing first would lose the commands until the next start.
      const closing$ = isDelayOver$.pipe(
        tap(() => void link.close()),
        ignoreElements(),
      )
      const isClosed$ = link.state$.pipe(ignoreElements(), endWith(undefined))
      return merge(work$, samples$.pipe(takeUntil(shutdowns$)), connected$, closing$).pipe(
        takeUntil(isClosed$),
      )
    }),
  )
}

function stopping(isInterrupted: boolean): DeviceEvent {
  return { event: 'stopping', isInterrupted }
}

/** Drops all `stopping` events but the first: Ctrl-C may be pressed again, or follow a shutdown command. */
function firstStopping(): MonoTypeOperatorFunction<DeviceEvent> {
  return (events$) =>
    defer(() => {
      let isStopping = false
      return events$.pipe(
        filter(({ event }) => {
          const isRepeated = isStopping && event === 'stopping'
          isStopping ||= event === 'stopping'
          return !isRepeated
        }),
      )
    })
}
