import { json, type JsonMethod, type Link } from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'
import { filter, map, merge, scan, type Observable } from 'rxjs'
import { callMethod$, type CallOptions } from './call-method.js'
import { notifications$ } from './notifications.js'

/** The status of each component of a device, by its key, such as `switch:0`. */
export type DeviceStatus = Readonly<Record<string, unknown>>

/** The method that returns the status of all components. */
export const getStatus: JsonMethod<object, DeviceStatus> = {
  name: 'Shelly.GetStatus',
  params: json.unchecked<object>(),
  result: json.unchecked<DeviceStatus>(),
}

/** The status of a device as far as it is known. */
interface Known {
  readonly isWhole: boolean
  readonly status: DeviceStatus
}

/**
 * Emits the status of a device: all of it first, then again after each notification of a change.
 *
 * - *error*: as `callMethod$` until the first status, and as `link.messages$` after it.
 */
export function status$(link: Link, options: CallOptions): Observable<DeviceStatus> {
  const changes$ = notifications$(link, options.device).pipe(
    filter(({ method }) => method === 'NotifyStatus' || method === 'NotifyFullStatus'),
    map(({ method, params: { ts: _, ...status } }) => ({ isWhole: method === 'NotifyFullStatus', status })),
  )
  const first$ = callMethod$(link, getStatus, {}, options).pipe(map((status) => ({ isWhole: true, status })))
  return merge(changes$, first$).pipe(
    scan((known: Known, change: Known) => ({
      isWhole: known.isWhole || change.isWhole,
      status: change.isWhole ? change.status : withChanges(known.status, change.status),
    })),
    filter(({ isWhole }) => isWhole),
    map(({ status }) => status),
  )
}

/** Returns a status with the changed fields of its components. */
export function withChanges(status: DeviceStatus, changes: DeviceStatus): DeviceStatus {
  const merged = Object.entries(changes).map(([key, change]) => {
    const before = status[key]
    return [key, isJsonObject(before) && isJsonObject(change) ? { ...before, ...change } : change] as const
  })
  return { ...status, ...Object.fromEntries(merged) }
}
