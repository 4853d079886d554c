/** A device and a client that invokes commands, in two processes, over a local platform. */
import { createPlatform } from '@antiphon/oci-raw-commands/platform'
import { once } from 'node:events'
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { startProgram } from '../start-program.js'

const instances = [{ id: 'ocid1.lamp', externalKey: 'lamp-key', password: 'lamp-secret' }]
const platform = createPlatform({ instances })
const mqtt = await platform.listen({ protocol: 'tcp' })
const http = await platform.listenHttp()

const env = {
  PLATFORM_MQTT_URL: mqtt.url,
  DEVICE_USERNAME: 'lamp-key',
  DEVICE_PASSWORD: 'lamp-secret',
  OCI_IOT_ENDPOINT: http.url,
  MESSAGE_DELAY: '0.2',
}

const { events$ } = platform.broker
const isSubscribed = firstValueFrom(events$.pipe(filter(({ type }) => type === 'subscribed')))
const hasReported = firstValueFrom(platform.telemetry$.pipe(take(3), toArray()))
const device = startProgram(new URL('device.ts', import.meta.url), env)
const hasEnded = once(device, 'exit')
await Promise.all([isSubscribed, hasReported])
await once(startProgram(new URL('invoker.ts', import.meta.url), env), 'exit')
await hasEnded
await platform.close()
