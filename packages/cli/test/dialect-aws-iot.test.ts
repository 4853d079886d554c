import { getShadow } from '@antiphon/aws-iot'
import { localService, type LocalService } from '@antiphon/aws-iot/local'
import type { Link } from '@antiphon/core'
import { firstValueFrom, lastValueFrom } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Ended } from './run-antiphon.js'

interface Started {
  readonly link: Link
  readonly service: LocalService
  readonly request: (...args: readonly string[]) => Promise<Ended>
  readonly options: readonly string[]
}

async function start(): Promise<Started> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  const link = broker.link()
  const service = localService(link)
  const options = ['--dialect', 'aws-iot', '--out', 'json', '--url', url]
  return { link, service, options, request: (...args) => antiphon(['request', ...args, ...options]) }
}

/** Lets the service handle requests. */
async function serveRequests({ link, service }: Started): Promise<void> {
  const subscription = service.handled$.subscribe()
  onTestFinished(() => subscription.unsubscribe())
  // The last of its subscriptions.
  await firstValueFrom(link.subscription$('$aws/commands/+/+/executions/+/response/json'))
}

const json = ({ stdout }: Ended): unknown => JSON.parse(stdout)

describe('--dialect aws-iot', () => {
  it('updates and reads shadows, and reports their rejections', async () => {
    const started = await start()
    const { request, service } = started
    await serveRequests(started)
    const update = '{"state":{"reported":{"on":true}}}'
    const updated = await request('$aws/things/lamp/shadow/update', update)
    expect([updated.code, updated.stderr]).toEqual([0, ''])
    expect(json(updated)).toMatchObject({ state: { reported: { on: true } }, version: 1 })
    expect(service.shadow({ thing: 'lamp' })).toMatchObject({ state: { reported: { on: true } } })
    const params = ['--param', 'thing=lamp']
    const read = await request('$aws/things/{thing}/shadow/get', ...params, '--mqtt-version', '4')
    expect(json(read)).toMatchObject({ state: { reported: { on: true } }, version: 1 })
    const missing = await request('$aws/things/lamp/shadow/name/night/get')
    expect([missing.code, missing.stdout, missing.stderr]).toEqual([
      5,
      '',
      expect.stringContaining("No shadow exists with name: 'lamp~night'"),
    ])
  })

  it('starts, describes and updates jobs', async () => {
    const started = await start()
    const { request, service } = started
    await serveRequests(started)
    service.createJob('lamp', { jobId: 'update-1', document: { version: 2 } })
    const next = await request('$aws/things/lamp/jobs/start-next')
    expect(json(next)).toMatchObject({ execution: { jobId: 'update-1', status: 'IN_PROGRESS' } })
    const described = await request('$aws/things/lamp/jobs/update-1/get')
    expect(json(described)).toMatchObject({ execution: { jobDocument: { version: 2 } } })
    const topic = '$aws/things/lamp/jobs/update-1/update'
    expect(await request(topic, '{"status":"SUCCEEDED"}')).toMatchObject({ code: 0 })
    const again = await request(topic, '{"status":"FAILED"}')
    expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('answered 409')])
  })

  it('carries out commands, and updates their executions', async () => {
    const started = await start()
    const { request, service, options } = started
    await serveRequests(started)
    const executions = '$aws/commands/things/lamp/executions'
    const args = ['serve', `${executions}/{execution}/request/json`, '--respond', '{"status":"SUCCEEDED"}']
    const { printed, interrupt, ended } = startAntiphon([...args, ...options])
    await printed('serving')
    const command = { executionId: 'reboot-1', payload: {} }
    await expect(lastValueFrom(service.startCommand({ thing: 'lamp' }, command))).resolves.toMatchObject({
      status: 'SUCCEEDED',
    })
    interrupt()
    expect((await ended).code).toBe(0)
    service.startCommand({ thing: 'lamp' }, { executionId: 'reboot-2', payload: {} }).subscribe()
    const progress = '{"status":"IN_PROGRESS"}'
    expect(json(await request(`${executions}/reboot-2/response/json`, progress))).toEqual({
      executionId: 'reboot-2',
    })
    const unknown = await request(`${executions}/reboot-3/response/json`, progress)
    expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining('no command execution')])
  })

  it('responds as the service', async () => {
    const { link, options } = await start()
    const args = ['serve', '$aws/things/lamp/shadow/get', '--respond', '{"state":{},"version":7}']
    const { printed, interrupt, ended } = startAntiphon([...args, ...options])
    await printed('serving')
    await expect(getShadow(link, { thing: 'lamp' })).resolves.toMatchObject({ version: 7 })
    interrupt()
    await ended
  })

  it('rejects as the service', async () => {
    const { link, options } = await start()
    const args = ['serve', '$aws/things/lamp/shadow/get', '--fail', '404']
    const { printed, interrupt, ended } = startAntiphon([...args, ...options])
    await printed('serving')
    await expect(getShadow(link, { thing: 'lamp' })).rejects.toMatchObject({
      code: 'status',
      status: { code: 404 },
    })
    interrupt()
    await ended
  })
})
