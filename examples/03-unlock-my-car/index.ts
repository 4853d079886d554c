/** A phone unlocks a car: two processes and a local hub, over TLS if openssl is installed to make a certificate. */
import { formatConnectionString } from '@antiphon/azure-topic-spaces'
import { createHub } from '@antiphon/azure-topic-spaces/hub'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { filter, firstValueFrom } from 'rxjs'
import { startProgram } from '../start-program.js'

const folder = await mkdtemp(join(tmpdir(), 'antiphon-hub-'))
const files = { cert: join(folder, 'hub.crt'), key: join(folder, 'hub.key') }

async function makeCertificate(): Promise<boolean> {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '1',
  ]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  return promisify(execFile)('openssl', [...args, ...name, '-keyout', files.key, '-out', files.cert]).then(
    () => true,
    () => false,
  )
}

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

const hasCertificate = await makeCertificate()
const { url } = await hub.listen(
  hasCertificate
    ? { protocol: 'tls', tls: { cert: await readFile(files.cert), key: await readFile(files.key) } }
    : { protocol: 'tcp' },
)
const env = {
  HUB_URL: url,
  CS_MOBILE_DEVICE: formatConnectionString(hub.devices.connectionString('mobile1')),
  CS_CAR_DEVICE: formatConnectionString(hub.devices.connectionString('car1')),
  ...(hasCertificate && { NODE_EXTRA_CA_CERTS: files.cert }),
}

const isSubscribed = firstValueFrom(hub.events$.pipe(filter(({ type }) => type === 'subscribed')))
const car = startProgram(new URL('car.ts', import.meta.url), env)
await isSubscribed
await once(startProgram(new URL('mobile.ts', import.meta.url), env), 'exit')
car.kill('SIGINT')
await once(car, 'exit')
await hub.close()
await rm(folder, { recursive: true })
