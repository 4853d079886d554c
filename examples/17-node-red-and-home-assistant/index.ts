/**
 * A house whose lamp Node-RED and Home Assistant switch, and whose temperature Node-RED knows. Their parts are played here by plain
 * MQTT clients, from the files that you import into the programs themselves.
 */
import { createBroker } from '@antiphon/broker'
import { request } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { once } from 'node:events'
import { filter, firstValueFrom, Subject, take, toArray } from 'rxjs'
import { startProgram } from '../start-program.js'
import { temperature } from './endpoints.js'
import { playFlow } from './play-flow.js'
import { playHomeAssistant } from './play-home-assistant.js'

const broker = createBroker()
const { url } = await broker.listen({ protocol: 'tcp' })
const areSubscribed = firstValueFrom(
  broker.events$.pipe(
    filter((event) => event.type === 'subscribed' && event.clientId === 'house'),
    take(2),
    toArray(),
  ),
)
const house = startProgram(new URL('house.ts', import.meta.url), { BROKER_URL: url })
await areSubscribed

const responses$ = new Subject<unknown>()
const nodeRed = await playFlow(url, (payload) => responses$.next(payload))
for (const name of ['on', 'dim (which fails)']) {
  const response = firstValueFrom(responses$)
  nodeRed.inject(name)
  console.log(`Node-RED        ${name}: ${JSON.stringify(await response)}`)
}

const homeAssistant = await playHomeAssistant(url)
await homeAssistant.switchLamp(false)
const isOff = homeAssistant.lamp$.pipe(filter((state) => state === 'OFF'))
console.log(`Home Assistant  the lamp is ${await firstValueFrom(isOff)}`)
console.log(`Home Assistant  ${JSON.stringify(await homeAssistant.confirmLampOn())}`)

const link = connect(url, { clientId: 'display' })
const { celsius } = await request(link, temperature, '')
console.log(`display         ${celsius} °C, by Node-RED`)

await Promise.all([link.close(), nodeRed.close(), homeAssistant.close()])
house.kill('SIGINT')
await once(house, 'exit')
await broker.close()
