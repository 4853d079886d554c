import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom, NEVER, of, ReplaySubject, skipWhile } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hubProgram } from '../src/cli/program.js'
import { connectDevice, serveUnlock, unlock$ } from '../src/index.js'
import { startHub, type HubProcess } from './run-hub.js'

let directory: string
const strings = new Map<string, string>()
const hub = async (...args: readonly string[]): Promise<string> => {
  const printed: string[] = []
  const print = (line: string): void => void printed.push(line)
  await hubProgram([...args, '-n', 'HUB', '--directory', directory], {
    print,
    printError: print,
    stop$: NEVER,
  })
  return printed.join('\n')
}
const start = (...args: readonly string[]): HubProcess => {
  const running = startHub(['-n', 'HUB', '--directory', directory, ...args], { HOME: directory })
  onTestFinished(async () => void (await running.end('SIGKILL')))
  return running
}
const urlIn = async (running: HubProcess): Promise<string> =>
  (await running.lineWith('listening on ')).replace('listening on ', '')
const stringOf = (deviceId: string): string => strings.get(deviceId) ?? ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antiphon-hub-log-'))
  await hub('create')
  const id = '${principal.deviceid}'
  const spaces = {
    PublishOnly: [`vehicles/unlock/req/+/${id}`, `vehicles/unlock/res/+/${id}`],
    LowFanout: [`vehicles/unlock/req/${id}/#`, `vehicles/unlock/res/${id}/#`],
  }
  for (const [type, templates] of Object.entries(spaces))
    await hub('topic-space', 'create', '--tsn', type, '--tst', type, '--template', ...templates)
  for (const deviceId of ['car1', 'mobile1']) {
    await hub('device-identity', 'create', '-d', deviceId)
    const shown = await hub('device-identity', 'connection-string', 'show', '-d', deviceId)
    strings.set(deviceId, (JSON.parse(shown) as { connectionString: string }).connectionString)
  }
})
afterAll(() => rm(directory, { recursive: true }))

describe('antiphon-hub run', () => {
  it('logs each connection, subscription and message with --verbose, and each refusal with its rule', async () => {
    const running = start('--tcp', '0', '--verbose')
    const url = await urlIn(running)
    const [car, phone] = [
      connectDevice(stringOf('car1'), { url }),
      connectDevice(stringOf('mobile1'), { url }),
    ]
    const ready = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
    serveUnlock(car, 'car1').subscribe()
    await ready
    await firstValueFrom(of('car1').pipe(unlock$(phone, 'mobile1')))
    phone.subscription$('vehicles/#').subscribe({ error: () => undefined })
    phone.publish$({ topic: 'secret', payload: new Uint8Array() }).subscribe({ error: () => undefined })
    const wrongKey = connectDevice(stringOf('car1').replace(/SharedAccessKey=.*/, 'SharedAccessKey=AAAA'), {
      url,
    })
    wrongKey.state$.subscribe({ error: () => undefined })
    const expected = [
      /connected car1 from 127\.0\.0\.1:\d+ to mqtt:\S+ \(MQTT 3\.1\.1, new session\)$/,
      /subscribed car1 vehicles\/unlock\/req\/car1\/# at QoS 1$/,
      /published mobile1 vehicles\/unlock\/req\/car1\/mobile1 at QoS 1: \{"command":"unlock",/,
      /published car1 vehicles\/unlock\/res\/mobile1\/car1 at QoS 1: \{/,
      /subscribe-refused mobile1 vehicles\/#: no topic space for subscribing has a template that covers/,
      /publish-refused mobile1 secret: no topic space allows this publish: no template matches secret for device mobile1/,
      /disconnected mobile1 by the broker: no topic space allows this publish/,
      /refused car1 from \S+: the signature is wrong: it must be made with either key of the device/,
    ]
    for (const pattern of expected) expect(await running.lineMatching(pattern)).toMatch(pattern)
    await Promise.all([car.close(), phone.close(), wrongKey.close()])
    expect(await running.end('SIGINT')).toBe(0)
  })

  it('prints lines of JSON with --json, and listens with --dev-tls for devices that trust its authority', async () => {
    const running = start('--tls', '0', '--dev-tls', '--json')
    const url = /mqtts:[^"]*/.exec(await running.lineWith('listening on '))?.[0] ?? ''
    const ca = await readFile(join(directory, '.antiphon', 'dev-tls', 'ca.crt'))
    const car = connectDevice(stringOf('car1'), { url, ca })
    await firstValueFrom(car.state$.pipe(skipWhile(({ status }) => status !== 'online')))
    const line = JSON.parse(await running.lineWith('"connected"')) as Record<string, unknown>
    expect(line).toMatchObject({ type: 'connected', client: { clientId: 'car1' }, sessionPresent: false })
    await car.close()
    expect(await running.end('SIGINT')).toBe(0)
  })

  it('keeps sessions, their queues and their subscriptions with --data through SIGKILL', async () => {
    const data = join(directory, 'data')
    const first = start('--tcp', '0', '--data', data)
    let url = await urlIn(first)
    const filter = 'vehicles/unlock/req/car1/#'
    const car = connectDevice(stringOf('car1'), { url })
    const subscribed$ = new ReplaySubject<unknown>(1)
    car.subscription$(filter).subscribe(subscribed$)
    await firstValueFrom(subscribed$)
    // Closes the connection, not the subscription.
    await car.close()
    const phone = connectDevice(stringOf('mobile1'), { url })
    // Acknowledged, and so durable.
    await firstValueFrom(
      phone.publish$({ topic: 'vehicles/unlock/req/car1/mobile1', payload: Buffer.from('x'), qos: 1 }),
    )
    await first.end('SIGKILL')
    await phone.close()

    const second = start('--tcp', '0', '--data', data, '--verbose')
    url = await urlIn(second)
    const back = connectDevice(stringOf('car1'), { url })
    const message = await firstValueFrom(back.messages$(filter))
    expect([message.topic, new TextDecoder().decode(message.payload)]).toEqual([
      'vehicles/unlock/req/car1/mobile1',
      'x',
    ])
    expect(await second.lineWith('session resumed')).toContain('connected car1')
    await back.close()
    expect(await second.end('SIGINT')).toBe(0)
  })

  it.each([
    [['--tls', '0', '--dev-tls', '--cert', 'c'], '--dev-tls excludes --cert and --key'],
    [['--tls', '0'], '--cert is missing'],
  ])('rejects the options %j of run', async (args, why) => {
    const running = hubProgram(['run', '-n', 'HUB', '--directory', directory, ...args], {
      print: () => undefined,
      printError: () => undefined,
      stop$: NEVER,
    })
    await expect(running).rejects.toThrow(why)
  })
})
