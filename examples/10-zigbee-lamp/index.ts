/**
 * A program that lets devices join a Zigbee network and dims a lamp, through the topics of Zigbee2MQTT.
 *
 * To use a real bridge: `BROKER_HOST=… LAMP=<friendly name> npm start 10`.
 */
import { createBroker } from '@antiphon/broker'
import { AntiphonError, ApplicationError, json } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { bridgeOnline$, callBridge, getState$, setState$, type BridgeRequest } from '@antiphon/zigbee2mqtt'
import { localBridge } from '@antiphon/zigbee2mqtt/local'
import * as t from 'io-ts'
import { filter, firstValueFrom, of, throwError } from 'rxjs'

const permitJoin: BridgeRequest<{ time: number }, { time: number }> = {
  name: 'permit_join',
  params: json(t.type({ time: t.number })),
  data: json(t.type({ time: t.number })),
}
const removeDevice: BridgeRequest<{ id: string }, { id: string }> = {
  name: 'device/remove',
  params: json(t.type({ id: t.string })),
  data: json(t.type({ id: t.string })),
}

const broker = createBroker()
const { BROKER_HOST: host, BROKER_PORT: port = '1883', LAMP: lamp = 'kitchen/lamp' } = process.env
const url = host === undefined ? (await broker.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`
const bridgeLink = connect(url, { protocolVersion: 4 })
const bridge = localBridge(bridgeLink, {
  devices: { [lamp]: { state: 'OFF', brightness: 100 } },
  requests: {
    permit_join: (call) => of({ time: call['time'] }),
    'device/remove': (call) =>
      throwError(
        () =>
          new ApplicationError({ code: 'unknown', message: `Device '${String(call['id'])}' does not exist` }),
      ),
  },
})
const served = host === undefined ? bridge.served$.subscribe() : undefined

const link = connect(url)
await firstValueFrom(bridgeOnline$(link).pipe(filter((isOnline) => isOnline)))
console.log('the bridge is online')

const options = { timeout: 5_000 }
const { time } = await callBridge(link, permitJoin, { time: 60 }, options)
console.log(`devices may join for ${time} s`)
await callBridge(link, removeDevice, { id: 'no-such-device' }, options).catch((error: unknown) =>
  console.log(AntiphonError.from(error).message),
)

const before = await firstValueFrom(getState$(link, lamp, ['state', 'brightness'], options))
console.log(`${lamp}  ${JSON.stringify(before)}`)
const after = await firstValueFrom(setState$(link, lamp, { state: 'ON', brightness: 40 }, options))
console.log(`${lamp}  ${JSON.stringify(after)}`)

served?.unsubscribe()
await Promise.all([link.close(), bridgeLink.close()])
await broker.close()
