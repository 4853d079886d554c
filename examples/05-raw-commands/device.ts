/**
 * The device: sends telemetry and responds to commands. Ctrl-C, or the command `{"shutdown":true}`, stops it.
 *
 * To use the cloud: `IOT_DEVICE_HOST=… DEVICE_USERNAME=<externalKey> DEVICE_PASSWORD=… npx tsx 05-raw-commands/device.ts`; to use
 * a proxy as well: `PROXY_ARGS=http://proxy:3128`.
 */
import { connectDevice, demoLine, firstLine, lastLine, runDevice } from '@antiphon/oci-raw-commands'
import { connect } from '@antiphon/mqtt'
import { throughProxy } from '@antiphon/mqtt/proxy'
import { readFileSync } from 'node:fs'
import { fromEvent } from 'rxjs'
import { offlineLine } from '../live-state.js'
import { settings } from './settings.js'

const {
  host,
  plainUrl,
  caCerts,
  proxyArgs,
  clientId,
  username: externalKey,
  password,
  endpoint,
  messagePeriod,
} = settings
const link =
  plainUrl === undefined
    ? connectDevice({
        host,
        clientId,
        identity: { externalKey, password },
        ...(caCerts === undefined ? {} : { ca: readFileSync(caCerts) }),
        ...(proxyArgs === undefined ? {} : { tunnel: throughProxy(proxyArgs) }),
      })
    : connect(plainUrl, { protocolVersion: 4, clean: false, clientId, username: externalKey, password })

console.log(firstLine)
link.state$.subscribe((state) => {
  const line = offlineLine(state)
  if (line !== undefined) console.log(line)
})
const stop$ = fromEvent(process, 'SIGINT')
await runDevice(link, { endpoint, messagePeriod, stop$ }).forEach((event) => {
  const line = demoLine(event)
  if (line !== undefined) console.log(line)
})
console.log(lastLine)
