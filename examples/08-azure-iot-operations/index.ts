/** A command and telemetry of Azure IoT Operations, in three processes over an embedded broker: an executor, an invoker and a plain MQTT 5 client. */
import { createBroker } from '@antiphon/broker'
import { once } from 'node:events'
import { filter, firstValueFrom } from 'rxjs'
import { startProgram } from '../start-program.js'

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 })
const environment = (clientId: string): Readonly<Record<string, string>> => ({
  AIO_BROKER_HOSTNAME: '127.0.0.1',
  AIO_BROKER_TCP_PORT: String(port),
  AIO_MQTT_USE_TLS: 'false',
  AIO_MQTT_CLIENT_ID: clientId,
})
const start = (name: string): ReturnType<typeof startProgram> =>
  startProgram(new URL(`${name}.ts`, import.meta.url), environment(name))

const isSubscribed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
const executor = start('executor')
await isSubscribed
await once(start('invoker'), 'exit')
await once(start('plain-peer'), 'exit')
executor.kill('SIGINT')
await once(executor, 'exit')
await broker.close()
