/**
 * A lamp as a thing of AWS IoT Core: it does what its shadow desires, carries out a job and serves a command.
 *
 * To use AWS: `AWS_IOT_ENDPOINT=… CERT_FILE=… KEY_FILE=… THING=… npm start 14`, which runs the part with the shadow.
 */
import {
  desired$,
  getShadow,
  nextJob$,
  serveCommands$,
  startNextJob$,
  updateJob$,
  updateShadow,
  updateShadow$,
} from '@antiphon/aws-iot'
import { localService } from '@antiphon/aws-iot/local'
import { createBroker } from '@antiphon/broker'
import { AntiphonError, json } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import * as t from 'io-ts'
import { readFile } from 'node:fs/promises'
import { concatMap, firstValueFrom, lastValueFrom, of, tap } from 'rxjs'

const {
  AWS_IOT_ENDPOINT: host,
  CERT_FILE: cert = '',
  KEY_FILE: key = '',
  THING: thing = 'lamp',
} = process.env
const broker = createBroker()
const service = localService(broker.link())
service.handled$.subscribe()
const link =
  host === undefined
    ? connect((await broker.listen({ protocol: 'tcp' })).url)
    : connect(`mqtts://${host}`, { cert: await readFile(cert), key: await readFile(key), clientId: thing })

// The device: it reports what is desired.
const reported = firstValueFrom(
  desired$(link, { thing }).pipe(
    tap(({ state }) => console.log(`desired ${JSON.stringify(state)}`)),
    concatMap(({ state }) => updateShadow$(link, { reported: state }, { thing })),
  ),
)

// The application: it desires, and finds out that another one was faster.
const { version } = await updateShadow(link, { desired: { on: true } }, { thing })
await reported
const { state } = await getShadow(link, { thing })
console.log(`shadow ${JSON.stringify(state)}`)
await updateShadow(link, { desired: { on: false }, version }, { thing }).catch((error: unknown) => {
  const { message, status } = AntiphonError.from(error)
  console.log(`${status?.code} ${message}`)
})

if (host === undefined) {
  const next = firstValueFrom(nextJob$(link, { thing }))
  await firstValueFrom(link.subscription$(`$aws/things/${thing}/jobs/notify-next`))
  service.createJob(thing, { jobId: 'update-firmware', document: { version: '2.1' } })
  await next
  const job = await firstValueFrom(startNextJob$(link, { stepTimeoutInMinutes: 5 }, { thing }))
  console.log(`job ${job?.jobId} ${JSON.stringify(job?.jobDocument)}`)
  const { jobId = '', versionNumber: expectedVersion = 0 } = job ?? {}
  await firstValueFrom(updateJob$(link, jobId, { status: 'SUCCEEDED', expectedVersion }, { thing }))

  const Restart = t.type({ operation: t.literal('restart') })
  const served = serveCommands$(link, json(Restart), () => of({ uptime: '0 s' }), { thing }).subscribe()
  await firstValueFrom(link.subscription$(`$aws/commands/things/${thing}/executions/+/request/json`))
  for (const operation of ['restart', 'explode']) {
    const command = { executionId: operation, payload: { operation } }
    const { status, result, statusReason } = await lastValueFrom(service.startCommand({ thing }, command))
    console.log(`${operation} ${status} ${JSON.stringify(result ?? statusReason?.reasonCode)}`)
  }
  served.unsubscribe()
}

await link.close()
await broker.close()
