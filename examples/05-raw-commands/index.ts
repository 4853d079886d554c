/** A device and somebody who invokes it, as two processes on the stand-in of the platform. */
import { createPlatform } from '@antiphon/oci-raw-commands/platform'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { filter, firstValueFrom, take, toArray } from 'rxjs'

const instances = [{ id: 'ocid1.lamp', externalKey: 'lamp-key', password: 'lamp-secret' }]
const platform = createPlatform({ instances })
const mqtt = await platform.listen({ protocol: 'tcp' })
const http = await platform.listenHttp()

function start(program: string): ChildProcess {
  const { IOT_DEVICE_HOST: _, ...here } = process.env
  const env = {
    ...here,
    PLATFORM_MQTT_URL: mqtt.url,
    DEVICE_USERNAME: 'lamp-key',
    DEVICE_PASSWORD: 'lamp-secret',
    OCI_IOT_ENDPOINT: http.url,
    MESSAGE_DELAY: '0.2',
  }
  return spawn(process.execPath, ['--import', 'tsx', new URL(program, import.meta.url).pathname], {
    env,
    stdio: 'inherit',
  })
}

const { events$ } = platform.broker
const isSubscribed = firstValueFrom(events$.pipe(filter(({ type }) => type === 'subscribed')))
const hasReported = firstValueFrom(platform.telemetry$.pipe(take(3), toArray()))
const device = start('./device.ts')
const hasEnded = once(device, 'exit')
await Promise.all([isSubscribed, hasReported])
await once(start('./invoker.ts'), 'exit')
await hasEnded
await platform.close()
