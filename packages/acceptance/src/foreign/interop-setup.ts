import { createBroker } from '@antiphon/broker'
import { endpoint, json, payloadField, request, requests$, serve, text, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { startMosquitto } from '@antiphon/workshop'
import * as t from 'io-ts'
import { firstValueFrom, of } from 'rxjs'

/** The brokers that the cases run on. */
export const brokers = ['embedded', 'Mosquitto'] as const
export type BrokerName = (typeof brokers)[number]

/** The request topic of temperatures. */
export const temperatureTopic = 'service/temperature/query'

const temperature = endpoint({ topic: temperatureTopic, request: text, response: text })

/** An endpoint without MQTT 5 properties: the correlation is in the payload. */
const device = endpoint({
  topic: 'device/cmd',
  responseTopic: 'device/rsp',
  request: json(t.type({ id: t.string, cmd: t.string })),
  response: json(t.type({ id: t.string, done: t.string })),
  correlation: payloadField('id'),
})

/** A broker with an Antiphon link connected to it. */
export interface InteropSetup {
  readonly port: number
  readonly link: Link
  /** Sends a request on the temperature topic. */
  readonly sendRequest: (value: string) => Promise<string>
  /** Sends a command to a device over MQTT 3.1.1; resolves with the command that the device confirms. */
  readonly command: (cmd: string) => Promise<string>
  /** Starts our responder; resolves when it has subscribed. */
  readonly serveTemperature: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a broker and connects the links. */
export async function startInteropSetup(name: BrokerName): Promise<InteropSetup> {
  const { port, stop } = name === 'embedded' ? await embedded() : await startMosquitto()
  const url = `mqtt://127.0.0.1:${port}`
  const link = connect(url)
  const oldLink = connect(url, { protocolVersion: 4 })
  return {
    port,
    link,
    sendRequest: (value) => request(link, temperature, value),
    command: (cmd) => request(oldLink, device, { id: '', cmd }).then(({ done }) => done),
    serveTemperature: async () => {
      requests$(link, temperature)
        .pipe(serve(({ value }) => of(`Temperature in ${value.replace('query:', '')}: 22.5°C`)))
        .subscribe()
      await firstValueFrom(link.subscription$(temperature.topic.filter({})))
    },
    close: async () => {
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
