import { createBroker } from '@antiphon/broker'
import { endpoint, json, payloadField, request, requests$, serve, text, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { startMosquitto } from '@antiphon/workshop'
import * as t from 'io-ts'
import { firstValueFrom, of } from 'rxjs'

/** The brokers that foreign programs meet us on. */
export const brokers = ['embedded', 'Mosquitto'] as const
export type BrokerName = (typeof brokers)[number]

/** Where temperatures are asked for. */
export const temperatureTopic = 'service/temperature/query'

const temperature = endpoint({ topic: temperatureTopic, request: text, response: text })

/** The same without properties: the token is in the payload. */
const device = endpoint({
  topic: 'device/cmd',
  responseTopic: 'device/rsp',
  request: json(t.type({ id: t.string, cmd: t.string })),
  response: json(t.type({ id: t.string, done: t.string })),
  correlation: payloadField('id'),
})

/** A broker with our link on it. */
export interface Stage {
  readonly port: number
  readonly link: Link
  /** Asks whoever tells temperatures. */
  readonly ask: (question: string) => Promise<string>
  /** Commands a device over MQTT 3.1.1: what it says that it has done. */
  readonly command: (cmd: string) => Promise<string>
  /** Starts our service; resolves when it is subscribed. */
  readonly serveTemperature: () => Promise<void>
  readonly clear: () => Promise<void>
}

/** Sets up a broker. */
export async function setUp(name: BrokerName): Promise<Stage> {
  const { port, stop } = name === 'embedded' ? await embedded() : await startMosquitto()
  const url = `mqtt://127.0.0.1:${port}`
  const link = connect(url)
  const oldLink = connect(url, { protocolVersion: 4 })
  return {
    port,
    link,
    ask: (question) => request(link, temperature, question),
    command: (cmd) => request(oldLink, device, { id: '', cmd }).then(({ done }) => done),
    serveTemperature: async () => {
      requests$(link, temperature)
        .pipe(serve(({ value }) => of(`Temperature in ${value.replace('query:', '')}: 22.5°C`)))
        .subscribe()
      await firstValueFrom(link.subscription$(temperature.topic.filter({})))
    },
    clear: async () => {
      await link.close()
      await oldLink.close()
      await stop()
    },
  }
}

async function embedded(): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const broker = createBroker({ closeTimeout: 0 })
  const { port } = await broker.listen({ protocol: 'tcp' })
  return { port, stop: () => broker.close() }
}
