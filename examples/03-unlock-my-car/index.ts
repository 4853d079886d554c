/** A phone unlocks a car: two processes and a local hub, over TLS. */
import { formatConnectionString } from '@antiphon/azure-topic-spaces'
import { createHub } from '@antiphon/azure-topic-spaces/hub'
import { developmentTls } from '@antiphon/broker/command'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom } from 'rxjs'
import { startProgram } from '../start-program.js'

const hub = createHub({ hostName: 'localhost' })
hub.topicSpaces.create({
  name: 'publisher_ts',
  type: 'PublishOnly',
  templates: ['vehicles/unlock/req/+/${principal.deviceid}', 'vehicles/unlock/res/+/${principal.deviceid}'],
})
hub.topicSpaces.create({
  name: 'subscriber_ts',
  type: 'LowFanout',
  templates: ['vehicles/unlock/req/${principal.deviceid}/#', 'vehicles/unlock/res/${principal.deviceid}/#'],
})
for (const deviceId of ['mobile1', 'car1']) hub.devices.create(deviceId)

// Without an argument, `developmentTls` keeps the certificate in the home directory, as `antiphon-hub run --dev-tls` does.
const folder = await mkdtemp(join(tmpdir(), 'unlock-my-car-'))
const { cert, key, caFile } = await developmentTls(join(folder, 'dev-tls'))
const { url } = await hub.listen({ protocol: 'tls', tls: { cert, key } })
const env = {
  HUB_URL: url,
  CS_MOBILE_DEVICE: formatConnectionString(hub.devices.connectionString('mobile1')),
  CS_CAR_DEVICE: formatConnectionString(hub.devices.connectionString('car1')),
  NODE_EXTRA_CA_CERTS: caFile,
}

const isSubscribed = firstValueFrom(hub.events$.pipe(filter(({ type }) => type === 'subscribed')))
const car = startProgram(new URL('car.ts', import.meta.url), env)
await isSubscribed
await once(startProgram(new URL('mobile.ts', import.meta.url), env), 'exit')
car.kill('SIGINT')
await once(car, 'exit')
await hub.close()
await rm(folder, { recursive: true })
