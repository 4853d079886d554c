import {
  classicShadow,
  delta$,
  deleteShadow,
  documents$,
  getShadow,
  jobEndpoints,
  namedShadow,
  nextJob$,
  pendingJobs$,
  startNextJob$,
  updateJob$,
  updateShadow,
} from '@antiphon/aws-iot'
import { localService } from '@antiphon/aws-iot/local'
import { createBroker } from '@antiphon/broker'
import { ApplicationError, requests$, serve, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import type { iotjobs, iotshadow } from 'aws-iot-device-sdk-v2'
import { once } from 'node:events'
import { firstValueFrom, of, take, throwError, toArray } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectMqtt311, connectMqtt5 } from './connect-sdk.js'

const lamp = { thing: 'lamp' }
const thingName = 'lamp'

/** Resolves with what the service has said of a request that it has rejected. */
const rejectionOf = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => 'accepted',
    (error: unknown) => (error as { readonly modeledError?: unknown }).modeledError,
  )

describe.each([
  ['MQTT 5', connectMqtt5, 5],
  ['MQTT 3.1.1', connectMqtt311, 4],
] as const)('the SDK of AWS over %s', (_, connectSdk, protocolVersion) => {
  /** Starts a broker with AWS or a stand-in of it, and connects the SDK and a link to it. */
  async function start<Aws>(createAws: (link: Link) => Aws) {
    const broker = createBroker()
    onTestFinished(() => broker.close())
    const awsLink = broker.link()
    const aws = createAws(awsLink)
    const { url, port } = await broker.listen({ protocol: 'tcp' })
    const link = connect(url, { protocolVersion })
    onTestFinished(() => link.close())
    const sdk = await connectSdk(port)
    onTestFinished(() => sdk.close())
    return { aws, awsLink, link, sdk }
  }

  const startLocal = () =>
    start((link) => {
      const service = localService(link)
      service.handled$.subscribe()
      return service
    })

  describe('against the local service', () => {
    it('gets, updates and removes classic and named shadows', async () => {
      const { sdk } = await startLocal()
      const { shadow } = sdk
      expect(await rejectionOf(shadow.getShadow({ thingName }))).toMatchObject({
        code: 404,
        message: "No shadow exists with name: 'lamp'",
      })
      const state = { desired: { on: true }, reported: { on: false } }
      await expect(shadow.updateShadow({ thingName, state })).resolves.toMatchObject({ version: 1, state })
      await expect(shadow.getShadow({ thingName })).resolves.toMatchObject({
        version: 1,
        state: { ...state, delta: { on: true } },
        metadata: { desired: { on: { timestamp: expect.any(Number) as number } } },
      })
      await expect(shadow.deleteShadow({ thingName })).resolves.toMatchObject({ version: 1 })
      const named = { thingName, shadowName: 'config' }
      await expect(shadow.updateNamedShadow({ ...named, state })).resolves.toMatchObject({ version: 1 })
      await expect(shadow.getNamedShadow(named)).resolves.toMatchObject({ state })
      await expect(shadow.deleteNamedShadow(named)).resolves.toMatchObject({ version: 1 })
      expect(await rejectionOf(shadow.deleteNamedShadow(named))).toMatchObject({ code: 404 })
    })

    it('reports what an application of this package desires, and both see the versions of each other', async () => {
      const { link, sdk } = await startLocal()
      const deltas = sdk.shadow.createShadowDeltaUpdatedStream({ thingName })
      const subscribed = once(deltas, 'subscriptionStatus')
      deltas.open()
      await subscribed
      const changes = firstValueFrom(documents$(link, lamp).pipe(take(2), toArray()))
      await firstValueFrom(link.subscription$('$aws/things/lamp/shadow/update/documents'))
      const received = once(deltas, 'incomingPublish')
      await updateShadow(link, { desired: { on: true, color: { r: 1 } } }, lamp)
      const [{ message }] = (await received) as [
        { readonly message: iotshadow.model.ShadowDeltaUpdatedEvent },
      ]
      expect(message).toMatchObject({ state: { on: true, color: { r: 1 } }, version: 1 })
      const reported = { thingName, state: { reported: message.state as object }, version: 1 }
      await expect(sdk.shadow.updateShadow(reported)).resolves.toMatchObject({ version: 2 })
      expect(await rejectionOf(sdk.shadow.updateShadow(reported))).toMatchObject({ code: 409 })
      await expect(updateShadow(link, { desired: { on: false }, version: 1 }, lamp)).rejects.toMatchObject({
        code: 'status',
        status: { code: 409 },
      })
      await expect(changes).resolves.toMatchObject([
        { current: { version: 1 } },
        { previous: { version: 1 }, current: { version: 2, state: { reported: { color: { r: 1 } } } } },
      ])
      const { state } = await getShadow(link, lamp)
      expect(state).not.toHaveProperty('delta')
      deltas.close()
    })

    it('desires what a device of this package receives', async () => {
      const { link, sdk } = await startLocal()
      const delta = firstValueFrom(delta$(link, { ...lamp, shadow: 'config' }))
      await firstValueFrom(link.subscription$('$aws/things/lamp/shadow/name/config/update/delta'))
      const state = { desired: { period: 5 } }
      await sdk.shadow.updateNamedShadow({ thingName, shadowName: 'config', state })
      await expect(delta).resolves.toMatchObject({ state: { period: 5 }, version: 1 })
      await expect(deleteShadow(link, { ...lamp, shadow: 'config' })).resolves.toMatchObject({ version: 1 })
    })

    it('shares a thing with this package, each with the responses to its own requests', async () => {
      const { link, sdk } = await startLocal()
      const numbers = Array.from({ length: 10 }, (_, index) => index)
      const [ours, theirs] = await Promise.all([
        Promise.all(numbers.map((number) => updateShadow(link, { reported: { ours: number } }, lamp))),
        Promise.all(
          numbers.map((number) =>
            sdk.shadow.updateShadow({ thingName, state: { reported: { theirs: number } } }),
          ),
        ),
      ])
      expect(ours.map(({ state }) => state.reported?.['ours'])).toEqual(numbers)
      expect(theirs.map(({ state }) => (state?.reported as { theirs: number }).theirs)).toEqual(numbers)
      const versions = [...ours, ...theirs].map(({ version }) => version)
      expect(new Set(versions).size).toBe(20)
    })

    it('carries out jobs, beside a device of this package', async () => {
      const { aws, link, sdk } = await startLocal()
      const { jobs } = sdk
      const nexts = jobs.createNextJobExecutionChangedStream({ thingName })
      const subscribed = once(nexts, 'subscriptionStatus')
      nexts.open()
      await subscribed
      const next = firstValueFrom(nextJob$(link, lamp))
      await firstValueFrom(link.subscription$('$aws/things/lamp/jobs/notify-next'))
      const received = once(nexts, 'incomingPublish')
      aws.createJob('lamp', { jobId: 'first', document: { url: 'https://first' } })
      aws.createJob('lamp', { jobId: 'second', document: { url: 'https://second' } })
      const [{ message }] = (await received) as [
        { readonly message: iotjobs.model.NextJobExecutionChangedEvent },
      ]
      expect(message.execution).toMatchObject({ jobId: 'first', jobDocument: { url: 'https://first' } })
      await expect(next).resolves.toMatchObject({ jobId: 'first' })
      const started = await jobs.startNextPendingJobExecution({ thingName, stepTimeoutInMinutes: 5 })
      expect(started.execution).toMatchObject({ jobId: 'first', status: 'IN_PROGRESS', versionNumber: 2 })
      const described = await jobs.describeJobExecution({ thingName, jobId: 'second' })
      expect(described.execution).toMatchObject({ jobId: 'second', status: 'QUEUED' })
      const update = { thingName, jobId: 'first', includeJobExecutionState: true }
      const stale = jobs.updateJobExecution({
        ...update,
        status: 'SUCCEEDED' as iotjobs.model.JobStatus,
        expectedVersion: 1,
      })
      expect(await rejectionOf(stale)).toMatchObject({
        code: 'VersionMismatch',
        executionState: { status: 'IN_PROGRESS', versionNumber: 2 },
      })
      await expect(
        jobs.updateJobExecution({ ...update, status: 'SUCCEEDED' as iotjobs.model.JobStatus }),
      ).resolves.toMatchObject({ executionState: { status: 'SUCCEEDED', versionNumber: 3 } })
      await expect(firstValueFrom(startNextJob$(link, {}, lamp))).resolves.toMatchObject({ jobId: 'second' })
      await firstValueFrom(updateJob$(link, 'second', { status: 'FAILED' }, lamp))
      const pending = await jobs.getPendingJobExecutions({ thingName })
      expect(pending).toMatchObject({ inProgressJobs: [], queuedJobs: [] })
      await expect(firstValueFrom(pendingJobs$(link, lamp))).resolves.toMatchObject({ queuedJobs: [] })
      nexts.close()
    })
  })

  it('receives the responses of responders of this package', async () => {
    const document = { state: { reported: { on: true } }, version: 7, timestamp: 1 }
    const execution = { jobId: 'first', status: 'QUEUED' as const }
    const { awsLink, sdk } = await start((link) => {
      requests$(link, classicShadow.get)
        .pipe(serve(() => of(document)))
        .subscribe()
      requests$(link, namedShadow.update)
        .pipe(
          serve(() => throwError(() => new ApplicationError({ code: '409', message: 'Version conflict' }))),
        )
        .subscribe()
      requests$(link, jobEndpoints.describe)
        .pipe(serve(() => of({ execution })))
        .subscribe()
    })
    await firstValueFrom(awsLink.subscription$('$aws/things/+/jobs/+/get'))
    await expect(sdk.shadow.getShadow({ thingName })).resolves.toMatchObject(document)
    const update = { thingName, shadowName: 'config', state: { reported: {} } }
    expect(await rejectionOf(sdk.shadow.updateNamedShadow(update))).toMatchObject({
      code: 409,
      message: 'Version conflict',
    })
    await expect(sdk.jobs.describeJobExecution({ thingName, jobId: '$next' })).resolves.toMatchObject({
      execution,
    })
  })
})
