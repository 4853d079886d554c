import { toUtf8 } from '@antiphon/core/codec'
import type { MarbleContext } from '@antiphon/testing'
import { EMPTY, of, switchMap } from 'rxjs'
import type { Notification } from '../frames.js'
import { localDevice, type LocalDevice, type LocalDeviceOptions } from '../local/local-device.js'
import type { DeviceStatus } from '../status.js'

/** What a device of a marble test is made from. */
export interface MarbleDeviceOptions extends LocalDeviceOptions {
  /** When the device has power, as marbles: `t` switches it on, any other marble off. @defaultValue from the beginning on */
  readonly power?: string
}

/** A local device that follows marble diagrams. */
export interface MarbleDevice extends LocalDevice {
  /** Changes fields of components at the times of the marbles, and notifies of each change. */
  readonly changes: (marbles: string, values: Readonly<Record<string, DeviceStatus>>) => void
  /** Publishes notifications, such as `NotifyEvent`, at the times of the marbles. */
  readonly notifies: (marbles: string, values: Readonly<Record<string, Notification>>) => void
}

/**
 * Starts a local device on the broker of a marble test. Its client id is the device's, for the faults of the broker; its will says
 * that it is offline.
 *
 * @example
 * ```ts
 * it('switches the relay off when it draws too much', marbles((test) => {
 *   const device = marbleDevice(test, { device: 'shelly-1', status: { 'switch:0': { apower: 5 } } })
 *   overloadGuard(test.link()).subscribe()
 *   device.changes('                                              --o', { o: { 'switch:0': { apower: 3000 } } })
 *   test.expectObservable(device.calls$.pipe(map(({ method }) => method))).toBe('g-s', { g: 'Shelly.GetStatus', s: 'Switch.Set' })
 * }))
 * ```
 */
export function marbleDevice(
  { hot, link }: Pick<MarbleContext, 'hot' | 'link'>,
  { power, ...options }: MarbleDeviceOptions,
): MarbleDevice {
  const { device: clientId } = options
  const will = { topic: `${clientId}/online`, payload: toUtf8('false'), retain: true }
  const device = localDevice(link({ clientId, will }), options)
  const power$ = power === undefined ? of('t') : hot(power)
  power$.pipe(switchMap((marble) => (marble === 't' ? device.served$ : EMPTY))).subscribe()
  return {
    ...device,
    changes: (marbles, values) => {
      hot(marbles, values).subscribe((changes) => device.change(changes))
    },
    notifies: (marbles, values) => {
      hot(marbles, values).subscribe((notification) => device.notify(notification))
    },
  }
}
