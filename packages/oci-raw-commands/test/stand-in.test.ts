import { connect } from '@antiphon/mqtt'
import { createAuthority } from '@antiphon/workshop/certificates'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { filter, firstValueFrom, fromEvent, map, NEVER, ReplaySubject, Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ociProgram } from '../src/cli/program.js'
import { connectDevice, serveCommands } from '../src/index.js'

const program = new URL('../src/cli/main.ts', import.meta.url).pathname
const device = ['--device', 'lamp:secret']
const instanceId = 'ocid1.iotdigitaltwininstance.oc1..lamp'
let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'antiphon-oci-'))))
afterEach(() => rm(directory, { recursive: true }))

/** Finds lines that were printed. */
function readLines(lines$: ReplaySubject<string>) {
  const lineWith = (pattern: RegExp): Promise<string> =>
    firstValueFrom(lines$.pipe(filter((line) => pattern.test(line))))
  const urlOf = async (scheme: string): Promise<string> =>
    new RegExp(`${scheme}://[^"]*`).exec(await lineWith(new RegExp(`listening on ${scheme}:`)))?.[0] ?? ''
  return { lineWith, urlOf }
}

const ports = ['--port', '0', '--http', '0']

/** Runs `antiphon-oci platform` on free ports in this process. */
function runPlatform(...args: readonly string[]) {
  vi.stubEnv('HOME', directory)
  const lines$ = new ReplaySubject<string>(1_000)
  const stop$ = new Subject<void>()
  const running = ociProgram(['platform', ...device, ...ports, ...args], {
    print: (line) => lines$.next(line),
    stop$,
  })
  const end = async (): Promise<void> => {
    stop$.next()
    await running
    vi.unstubAllEnvs()
  }
  onTestFinished(end)
  return { ...readLines(lines$), end }
}

/** Starts `antiphon-oci platform` on free ports in its own process. */
function startPlatform(...args: readonly string[]) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, 'platform', ...device, ...ports, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, HOME: directory } },
  )
  const lines$ = new ReplaySubject<string>(1_000)
  fromEvent(createInterface({ input: child.stdout }), 'line')
    .pipe(map(String))
    .subscribe((line) => lines$.next(line))
  const end = async (signal: 'SIGINT' | 'SIGKILL'): Promise<unknown> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    return (await exited)[0]
  }
  onTestFinished(async () => void (await end('SIGKILL')))
  return { ...readLines(lines$), end }
}

async function oci(...args: readonly string[]): Promise<string> {
  const printed: string[] = []
  await ociProgram(args, { print: (line) => printed.push(line), stop$: NEVER })
  return printed.join('\n')
}

const plain = { protocolVersion: 4, clean: false, username: 'lamp', password: 'secret' } as const

describe('antiphon-oci platform', () => {
  it('logs each connection, subscription and message with --verbose, and each refusal with its reason', async () => {
    const { lineWith, urlOf } = runPlatform('--verbose')
    const url = await urlOf('mqtt')
    const link = connect(url, { ...plain, clientId: 'lamp' })
    await firstValueFrom(link.subscription$('iot/v1/cmd/#'))
    await firstValueFrom(link.publish$({ topic: 'iot/v1/mqtt', payload: Buffer.from('21.5'), qos: 1 }))
    const refused = [
      { ...plain, clientId: 'a', password: 'wrong' },
      { ...plain, clientId: 'b', username: 'door' },
    ].map((options) => connect(url, options))
    for (const { state$ } of refused) state$.subscribe({ error: () => undefined })
    for (const pattern of [
      /connected lamp from \S+ to mqtt:\S+ \(MQTT 3\.1\.1, new session\)$/,
      /subscribed lamp iot\/v1\/cmd\/# at QoS 1$/,
      /published lamp iot\/v1\/mqtt at QoS 1: 21\.5 \(4 bytes\)$/,
      /^ocid1\S+lamp iot\/v1\/mqtt 21\.5$/,
      /refused a from \S+: the password of lamp is wrong/,
      /refused b from \S+: no device has the external key door/,
    ])
      expect(await lineWith(pattern)).toMatch(pattern)
    await Promise.all([link, ...refused].map(({ close }) => close()))
  })

  it('listens with --dev-tls, also for device certificates with --ca, and prints JSON with --json', async () => {
    const authority = await createAuthority()
    const { cert, key } = await authority.issue({ commonName: 'lamp', usage: 'client' })
    await writeFile(join(directory, 'devices.crt'), authority.cert)
    const options = ['--wss', '0', '--ca', join(directory, 'devices.crt')]
    const { lineWith, urlOf } = runPlatform('--dev-tls', '--json', ...options)
    const { hostname: host, port } = new URL(await urlOf('mqtts'))
    const ca = await readFile(join(directory, '.antiphon', 'dev-tls', 'ca.crt'))
    const link = connectDevice({ host, port: Number(port), ca, clientId: 'lamp', identity: { cert, key } })
    await firstValueFrom(link.subscription$('iot/v1/cmd'))
    expect(JSON.parse(await lineWith(/"type":"subscribed"/))).toMatchObject({
      clientId: 'lamp',
      reasonCode: 1,
    })
    expect(await urlOf('wss')).toMatch(/\/mqtt$/)
    await link.close()
  })

  it('keeps commands and records with --data when it is stopped, and listens with --cert and --key', async () => {
    const authority = await createAuthority()
    const { cert, key } = await authority.issue({
      commonName: 'localhost',
      usage: 'server',
      hosts: ['localhost'],
    })
    const files = [join(directory, 'server.crt'), join(directory, 'server.key')] as const
    await writeFile(files[0], cert)
    await writeFile(files[1], key)
    const options = ['--data', join(directory, 'data'), '--cert', files[0], '--key', files[1]]
    const first = runPlatform(...options)
    expect(await first.urlOf('mqtts')).toMatch(/^mqtts:/)
    const command = ['invoke-raw-text-command', '--digital-twin-instance-id', instanceId]
    const id = await oci(...command, '--request-endpoint', 'x', '--endpoint', await first.urlOf('http'))
    await first.end()
    const second = runPlatform(...options)
    const response = await fetch(`${await second.urlOf('http')}/20250531/rawCommands/${id}`)
    expect(await response.json()).toMatchObject({ id, delivery_status: 'REFUSED' })
  })

  it('keeps sessions, commands and records with --data through SIGKILL', async () => {
    const data = ['--data', join(directory, 'data')]
    const first = startPlatform(...data)
    const link = connect(await first.urlOf('mqtt'), { ...plain, clientId: 'lamp' })
    const subscribed$ = new ReplaySubject<unknown>(1)
    link.subscription$('iot/v1/cmd/#').subscribe(subscribed$)
    await firstValueFrom(subscribed$)
    await link.close()
    const command = ['invoke-raw-text-command', '--digital-twin-instance-id', instanceId]
    const endpoints = ['--request-endpoint', 'iot/v1/cmd', '--response-endpoint', 'iot/v1/rsp']
    const text = ['--request-data', 'hi', '--endpoint', await first.urlOf('http')]
    const id = await oci(...command, ...endpoints, ...text)
    await first.end('SIGKILL')

    const second = startPlatform(...data)
    const record = async (): Promise<unknown> =>
      (await fetch(`${await second.urlOf('http')}/20250531/rawCommands/${id}`)).json()
    expect(await record()).toMatchObject({ delivery_status: 'PENDING', request_data: 'hi' })
    const back = connect(await second.urlOf('mqtt'), { ...plain, clientId: 'lamp' })
    serveCommands(back).subscribe()
    await second.lineWith(new RegExp(`${id} COMPLETED`))
    expect(await record()).toMatchObject({ delivery_status: 'COMPLETED' })
    await back.close()
    expect(await second.end('SIGINT')).toBe(0)
  })
})
