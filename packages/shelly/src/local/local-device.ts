import { ApplicationError, requests$, serve, type Link, type ServeRecord } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { defer, filter, ignoreElements, map, merge, Observable, of, Subject, tap, throwError } from 'rxjs'
import type { Call, Notification } from '../frames.js'
import { shellyRpc } from '../rpc.js'
import { getStatus, withChanges, type DeviceStatus } from '../status.js'

/** Carries out a method: emits its result, or fails with an `ApplicationError` whose code is that of the device's error. */
export type MethodHandler = (params: unknown, device: LocalDevice) => Observable<unknown>

/** What a local device is made from. */
export interface LocalDeviceOptions {
  /** The topic prefix, which is also the id of the device. */
  readonly device: string
  /** The first status of each component. @defaultValue no component */
  readonly status?: DeviceStatus
  /** The methods beside `Shelly.GetStatus`, by name. @defaultValue none */
  readonly methods?: Readonly<Record<string, MethodHandler>>
}

/** A device that runs in this program, for tests and for development without hardware. */
export interface LocalDevice {
  readonly status: () => DeviceStatus
  /** Changes fields of components, and notifies of the change. */
  readonly change: (changes: DeviceStatus) => void
  /** Publishes a notification, such as `NotifyEvent`. */
  readonly notify: (notification: Notification) => void
  /** Emits each call that the device receives. Hot; never completes. */
  readonly calls$: Observable<Call>
  /**
   * Serves the methods, and emits a record of each call. The device is online while this is subscribed to, and says so on
   * `<device>/online` at each connection.
   */
  readonly served$: Observable<ServeRecord>
}

/** Creates a device on a link to a broker, real or virtual. */
export function localDevice(
  link: Link,
  { device, status: firstStatus = {}, methods = {} }: LocalDeviceOptions,
): LocalDevice {
  let status = firstStatus
  const calls = new Subject<Call>()
  const publish = (topic: string, payload: string, retain = false): void => {
    link.publish$({ topic: `${device}/${topic}`, payload: toUtf8(payload), retain }).subscribe({
      // While the device is offline, nothing arrives; its next full status has the change.
      error: () => undefined,
    })
  }
  const handle = ({ method, params }: Call): Observable<{ readonly result: unknown }> =>
    resultOf(method, params).pipe(map((result) => ({ result })))
  const resultOf = (method: string, params: unknown): Observable<unknown> => {
    if (method === getStatus.name) return of(status)
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (handler !== undefined) return defer(() => handler(params, self))
    return throwError(() => new ApplicationError({ code: '404', message: `No handler for ${method}` }))
  }
  const self: LocalDevice = {
    status: () => status,
    change: (changes) => {
      status = withChanges(status, changes)
      self.notify({ method: 'NotifyStatus', params: { ts: link.scheduler.now() / 1_000, ...changes } })
    },
    notify: ({ method, params }) =>
      publish('events/rpc', JSON.stringify({ src: device, dst: `${device}/events`, method, params })),
    calls$: calls.asObservable(),
    served$: new Observable((subscriber) => {
      const connections$ = link.state$.pipe(
        filter((state) => state.status === 'online'),
        tap(() => publish('online', 'true', true)),
        ignoreElements(),
      )
      const served$ = requests$(link, shellyRpc, { params: { device } }).pipe(
        tap(({ value }) => calls.next(value)),
        serve(({ value }) => handle(value)),
      )
      subscriber.add(() => publish('online', 'false', true))
      subscriber.add(merge(served$, connections$).subscribe(subscriber))
    }),
  }
  return self
}
