/**
 * A heater as a device of ThingsBoard: it reads its configuration, gets the time from the platform and serves a method.
 *
 * To use a real platform: `BROKER_HOST=… ACCESS_TOKEN=… npm start 11`, and call `setTemperature` there.
 */
import { AntiphonError, json } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import {
  callPlatform,
  getAttributes$,
  serveMethods$,
  sharedUpdates$,
  type RpcMethod,
} from '@antiphon/thingsboard'
import { localPlatform } from '@antiphon/thingsboard/local'
import * as t from 'io-ts'
import { firstValueFrom, of } from 'rxjs'

const getCurrentTime: RpcMethod<object, { time: number }> = {
  name: 'getCurrentTime',
  params: json(t.type({})),
  result: json(t.type({ time: t.number })),
}
const setTemperature: RpcMethod<{ value: number }, { was: number }> = {
  name: 'setTemperature',
  params: json(t.type({ value: t.number })),
  result: json(t.type({ was: t.number })),
}

const { BROKER_HOST: host, BROKER_PORT: port = '1883', ACCESS_TOKEN: token = 'heater' } = process.env
const platform = localPlatform({
  devices: { [token]: { shared: { period: 5 } } },
  methods: { getCurrentTime: () => of({ time: 1_700_000_000 }) },
})
const url = host === undefined ? (await platform.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`
const link = connect(url, { username: token, protocolVersion: 4 })

let temperature = 20
const served = serveMethods$(link, {
  setTemperature: (params) => {
    const was = temperature
    temperature = (params as { readonly value: number }).value
    console.log(`set to ${temperature} °C`)
    return of({ was })
  },
}).subscribe()
const update = firstValueFrom(sharedUpdates$(link))

const attributes = await firstValueFrom(getAttributes$(link, { shared: ['period'] }))
console.log(`attributes ${JSON.stringify(attributes)}`)
const { time } = await callPlatform(link, getCurrentTime, {}, { timeout: 5_000 })
console.log(`time ${time}`)
await callPlatform(link, { ...getCurrentTime, name: 'getWeather' }, {}).catch((error: unknown) =>
  console.log(AntiphonError.from(error).message),
)

if (host === undefined) {
  const { was } = await firstValueFrom(platform.callDevice$(token, setTemperature, { value: 26 }))
  console.log(`it was ${was} °C before`)
  platform.share(token, { period: 10 })
}
console.log(`update ${JSON.stringify(await update)}`)

served.unsubscribe()
await link.close()
await platform.close()
