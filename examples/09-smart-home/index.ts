/**
 * A program that switches a Shelly lamp and follows its status, over MQTT 3.1.1 as the devices speak it.
 *
 * To use a real device: `BROKER_HOST=… SHELLY=shellyplus1-… npm start 09`, with MQTT and "RPC over MQTT" enabled on the device.
 */
import { createBroker } from '@antiphon/broker'
import { connect } from '@antiphon/mqtt'
import { callMethod, online$, status$ } from '@antiphon/shelly'
import { localDevice } from '@antiphon/shelly/local'
import { AntiphonError } from '@antiphon/core'
import { filter, firstValueFrom, map } from 'rxjs'
import { lamp, setSwitch } from './lamp.js'

const broker = createBroker()
const { BROKER_HOST: host, BROKER_PORT: port = '1883', SHELLY: device = lamp.device } = process.env
const url = host === undefined ? (await broker.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`
const deviceLink = connect(url, { clientId: lamp.device, protocolVersion: 4 })
const served = host === undefined ? localDevice(deviceLink, lamp).served$.subscribe() : undefined

const link = connect(url, { clientId: 'hub', protocolVersion: 4 })
await firstValueFrom(online$(link, device).pipe(filter((isOnline) => isOnline)))
console.log(`${device} is online`)

const options = { device, source: 'hub', timeout: 5_000 }
status$(link, options)
  .pipe(map((status) => JSON.stringify(status['switch:0'])))
  .subscribe((text) => console.log(`switch:0  ${text}`))

const { was_on: wasOn } = await callMethod(link, setSwitch, { id: 0, on: true }, options)
console.log(`switched on; it was ${wasOn ? 'on' : 'off'} before`)
await callMethod(link, setSwitch, { id: 7, on: true }, options).catch((error: unknown) =>
  console.log(AntiphonError.from(error).message),
)

served?.unsubscribe()
await Promise.all([link.close(), deviceLink.close()])
await broker.close()
