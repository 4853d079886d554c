import { ApplicationError, requests$, serve, type Link, type ServeRecord } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { defer, map, Observable, of, throwError } from 'rxjs'
import type { Call, Notification } from './frames.js'
import { shellyRpc } from './rpc.js'
import { getStatus, withChanges, type DeviceStatus } from './status.js'

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
  /**
   * Serves the methods, and emits a record of each call. The device is online while this is subscribed to, and says so on
   * `<device>/online`.
   */
  readonly served$: Observable<ServeRecord>
}

/** Creates a device on a link to a broker, real or virtual. */
export function localDevice(
  link: Link,
  { device, status: firstStatus = {}, methods = {} }: LocalDeviceOptions,
): LocalDevice {
  let status = firstStatus
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
    served$: new Observable((subscriber) => {
      publish('online', 'true', true)
      subscriber.add(() => publish('online', 'false', true))
      subscriber.add(
        requests$(link, shellyRpc, { params: { device } })
          .pipe(serve(({ value }) => handle(value)))
          .subscribe(subscriber),
      )
    }),
  }
  return self
}
