import { json, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import {
  bridgeOnline$,
  callBridge,
  deviceOnline$,
  deviceState$,
  getState$,
  setState$,
  type BridgeRequest,
} from '@antiphon/zigbee2mqtt'
import { filter, firstValueFrom, map, scan, type Observable } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { fieldsOf } from '../frame.js'
import { permitJoin, rename } from '../requests.js'
import { startZigbee2mqtt, type Zigbee2mqtt } from './zigbee2mqtt.js'

const restart: BridgeRequest<object, object> = {
  name: 'restart',
  params: json.unchecked<object>(),
  data: json.unchecked<object>(),
}
/** Long enough for a response on a busy machine. */
const answered = { timeout: 30_000 }

/** Resolves with the first values of a stream once there are `count`. */
function first<T>(count: number, values$: Observable<T>): Promise<readonly T[]> {
  return firstValueFrom(
    values$.pipe(
      scan((values: readonly T[], value) => [...values, value], []),
      filter(({ length }) => length === count),
    ),
  )
}

describeForeign(['mosquitto', 'zigbee2mqtt'], 'a running Zigbee2MQTT', () => {
  async function start(): Promise<{
    readonly bridge: Zigbee2mqtt
    readonly link: Link
    readonly online: Promise<unknown>
  }> {
    const mosquitto = await startMosquitto()
    onTestFinished(() => mosquitto.stop())
    const link = connect(mosquitto.url)
    onTestFinished(() => link.close())
    const online = first(2, deviceOnline$(link, 'plug'))
    await firstValueFrom(link.subscription$('zigbee2mqtt/plug/availability'))
    const bridge = await startZigbee2mqtt(mosquitto.url)
    onTestFinished(() => bridge.stop('SIGTERM'))
    return { bridge, link, online }
  }

  it('publishes when a device becomes available, and what it reports', async () => {
    const { bridge, link, online } = await start()
    await expect(online).resolves.toEqual([false, true])
    const states = first(2, deviceState$(link, 'plug').pipe(filter(({ state }) => state !== 'OFF')))
    await firstValueFrom(link.subscription$('zigbee2mqtt/plug'))
    bridge.radio({ device: 'plug', report: true })
    bridge.radio({ device: 'plug', report: true })
    await expect(states).resolves.toMatchObject([{ state: 'ON' }, { state: 'ON' }])
  })

  it('logs the command to a device that is out of reach, and publishes no new state', async () => {
    const { bridge, link } = await start()
    // The plug publishes its state for other reasons as well, also a while after the start.
    const on$ = deviceState$(link, 'plug').pipe(filter(({ state }) => state === 'ON'))
    let isOn = false
    on$.subscribe(() => (isOn = true))
    const failure = firstValueFrom(
      link.messages$('zigbee2mqtt/bridge/logging').pipe(
        map((message) => String(fieldsOf(message)['message'])),
        filter((text) => text.includes("Publish 'set' 'state' to 'plug' failed")),
      ),
    )
    await firstValueFrom(link.subscription$('zigbee2mqtt/bridge/logging'))
    bridge.radio({ device: 'plug', isReachable: false })
    await firstValueFrom(setState$(link, 'plug', { state: 'ON' }, { timeout: 1_000 })).catch(() => undefined)
    await expect(failure).resolves.toContain('the device is out of reach')
    expect(isOn).toBe(false)
    bridge.radio({ device: 'plug', isReachable: true })
    const on = firstValueFrom(on$)
    await firstValueFrom(setState$(link, 'plug', { state: 'ON' }, answered))
    await expect(on).resolves.toMatchObject({ state: 'ON' })
  })

  it('publishes a renamed device under its new name, and empty messages under the old one', async () => {
    const { link } = await start()
    const ignored: number[] = []
    deviceState$(link, 'lamp', { onIgnored: ({ payload }) => ignored.push(payload.length) }).subscribe()
    await firstValueFrom(link.subscription$('zigbee2mqtt/lamp'))
    const to = 'kitchen/lamp {1}'
    await expect(callBridge(link, rename, { from: 'lamp', to }, answered)).resolves.toMatchObject({
      from: 'lamp',
      to,
    })
    await expect(firstValueFrom(deviceOnline$(link, to))).resolves.toBe(true)
    await expect(firstValueFrom(getState$(link, to, ['state'], answered))).resolves.toMatchObject({
      state: 'OFF',
    })
    expect(ignored).toEqual([0])
  })

  it('announces a restart, and answers a request that was sent meanwhile and is retried', async () => {
    const { link } = await start()
    const online = first(3, bridgeOnline$(link))
    const offline = firstValueFrom(bridgeOnline$(link).pipe(filter((isOnline) => !isOnline)))
    await firstValueFrom(bridgeOnline$(link))
    await callBridge(link, restart, {}, answered)
    await offline
    const retried = { timeout: 60_000, retry: { count: 60, attemptTimeout: 500 } }
    await expect(callBridge(link, permitJoin, { time: 60 }, retried)).resolves.toEqual({ time: 60 })
    await expect(online).resolves.toEqual([true, false, true])
  })

  it('is offline by its will if it is killed', async () => {
    const { bridge, link } = await start()
    const online = first(2, bridgeOnline$(link))
    await firstValueFrom(bridgeOnline$(link))
    await bridge.stop('SIGKILL')
    await expect(online).resolves.toEqual([true, false])
  })
})
