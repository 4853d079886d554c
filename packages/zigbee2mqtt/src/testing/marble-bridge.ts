import { toUtf8 } from '@antiphon/core/codec'
import type { MarbleContext } from '@antiphon/testing'
import { EMPTY, of, switchMap } from 'rxjs'
import type { DeviceState } from '../frames.js'
import { localBridge, type LocalBridge, type LocalBridgeOptions } from '../local/local-bridge.js'
import { BASE_TOPIC } from '../topics.js'

/** What a bridge of a marble test is made from. */
export interface MarbleBridgeOptions extends LocalBridgeOptions {
  /** When the bridge runs, as marbles: `t` starts it, any other marble stops it. @defaultValue from the beginning on */
  readonly running?: string
}

/** A local bridge whose devices follow marble diagrams. */
export interface MarbleBridge extends LocalBridge {
  /** Changes attributes of a device at the times of the marbles, as if it reported them. */
  readonly reports: (device: string, marbles: string, values: Readonly<Record<string, DeviceState>>) => void
  /** Makes a device available at `t`, and unavailable at any other marble. */
  readonly availability: (device: string, marbles: string) => void
}

/**
 * Starts a local bridge on the broker of a marble test. Its client id is `zigbee2mqtt`, for the faults of the broker; its will says
 * that it is offline.
 *
 * @example
 * ```ts
 * it('switches the lamp on when the door opens', marbles((test) => {
 *   const bridge = marbleBridge(test, { devices: { door: { contact: true }, lamp: { state: 'OFF' } } })
 *   entranceLight(test.link()).subscribe()
 *   bridge.reports('door', '                    --o', { o: { contact: false } })
 *   test.expectObservable(bridge.commands$).toBe('--s', {
 *     s: { device: 'lamp', action: 'set', attributes: { state: 'ON' } },
 *   })
 * }))
 * ```
 */
export function marbleBridge(
  { hot, link }: Pick<MarbleContext, 'hot' | 'link'>,
  { running, ...options }: MarbleBridgeOptions = {},
): MarbleBridge {
  const topic = `${options.baseTopic ?? BASE_TOPIC}/bridge/state`
  const will = { topic, payload: toUtf8('{"state":"offline"}'), retain: true }
  const bridge = localBridge(link({ clientId: 'zigbee2mqtt', will }), options)
  const runs$ = running === undefined ? of('t') : hot(running)
  runs$.pipe(switchMap((marble) => (marble === 't' ? bridge.served$ : EMPTY))).subscribe()
  return {
    ...bridge,
    reports: (device, marbles, values) => {
      hot(marbles, values).subscribe((changes) => bridge.change(device, changes))
    },
    availability: (device, marbles) => {
      hot(marbles).subscribe((marble) => bridge.setOnline(device, marble === 't'))
    },
  }
}
