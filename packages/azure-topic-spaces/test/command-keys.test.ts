import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom, map, NEVER, of, ReplaySubject, Subject, throwError } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApplicationError, type LinkState } from '@antiphon/core'
import { hubProgram } from '../src/cli/program.js'
import { connectDevice, serveMethods } from '../src/index.js'

let directory: string
const stop$ = new Subject<void>()
let running: Promise<void> | undefined
let lines$ = new ReplaySubject<string>(100)
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antiphon-keys-'))
  vi.stubEnv('HOME', directory)
  await hub('create')
})
afterEach(async () => {
  stop$.next()
  await running
  running = undefined
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

const where = (): readonly string[] => ['-n', 'HUB', '--directory', directory]

/** Runs a command and returns what it prints as JSON. */
async function hub(...args: readonly string[]): Promise<unknown> {
  const printed: string[] = []
  const print = (line: string): void => void printed.push(line)
  await hubProgram([...args, ...where()], { print, printError: print, stop$: NEVER })
  return printed.length === 0 ? undefined : JSON.parse(printed.join('\n'))
}

/** Runs the hub until the end of the test; resolves with its URLs. */
async function run(...args: readonly string[]): Promise<readonly string[]> {
  lines$ = new ReplaySubject<string>(100)
  const print = (line: string): void => lines$.next(line)
  running = hubProgram(['run', ...args, ...where()], { print, printError: print, stop$ })
  const urls: string[] = []
  const count = args.filter((arg) => arg === '0').length
  await firstValueFrom(
    lines$.pipe(
      map((line) => line.split('listening on ')[1]),
      filter((url) => url !== undefined),
      filter((url) => urls.push(url) === count),
    ),
  )
  return urls
}

async function connectionString(...args: readonly string[]): Promise<string> {
  const shown = await hub('device-identity', 'connection-string', 'show', ...args)
  return (shown as { readonly connectionString: string }).connectionString
}

const isSettled = ({ status }: LinkState): boolean => status === 'online' || status === 'closed'

describe('policies in antiphon-hub', () => {
  it('creates a policy whose key connects every device, until the policy is deleted', async () => {
    await hub('device-identity', 'create', '-d', 'car1')
    const created = await hub('policy', 'create', '--pn', 'device')
    expect(await hub('policy', 'show', '--pn', 'device')).toEqual(created)
    expect(await hub('policy', 'list')).toEqual([created])
    const string = await connectionString('-d', 'car1', '--pn', 'device')
    expect(string).toContain(';SharedAccessKeyName=device;SharedAccessKey=')
    const [url = ''] = await run('--tcp', '0')
    const car = connectDevice(string, { url })
    expect(await firstValueFrom(car.state$.pipe(filter(isSettled)))).toMatchObject({ status: 'online' })
    await car.close()

    stop$.next()
    await running
    await hub('policy', 'delete', '--pn', 'device')
    const [nextUrl = ''] = await run('--tcp', '0')
    const refused = connectDevice(string, { url: nextUrl })
    expect(await firstValueFrom(refused.state$.pipe(filter(isSettled)))).toMatchObject({
      status: 'closed',
      error: { reasonCode: 5 },
    })
    await refused.close()
  })

  it('reads the file of a hub without policies and authorities', async () => {
    const file = join(directory, 'HUB.hub.json')
    await writeFile(file, JSON.stringify({ hostName: 'h', devices: [], topicSpaces: [] }))
    expect(await hub('policy', 'list')).toEqual([])
  })
})

describe('certificates of devices in antiphon-hub', () => {
  it('creates a certificate with which the device connects, over TLS by --dev-tls', async () => {
    const certificates = join(directory, 'certificates')
    const create = ['device-identity', 'create', '--am', 'x509_ca', '--od', certificates]
    await hub(...create, '-d', 'car1')
    await hub(...create, '-d', 'mobile1')
    const before = await readFile(join(certificates, 'car1.crt'), 'utf8')
    await expect(hub(...create, '-d', 'car1')).rejects.toThrow('exists already')
    expect(await readFile(join(certificates, 'car1.crt'), 'utf8')).toBe(before)
    expect((await stat(join(certificates, 'car1.key'))).mode & 0o077).toBe(0)

    const other = join(directory, 'other.crt')
    await writeFile(other, before)
    const [url = ''] = await run('--tls', '0', '--dev-tls', '--ca', other)
    const ca = await readFile(join(directory, '.antiphon', 'dev-tls', 'ca.crt'))
    const cert = await readFile(join(certificates, 'car1.crt'))
    const key = await readFile(join(certificates, 'car1.key'))
    const stateOf = async (deviceId: string): Promise<LinkState> => {
      const link = connectDevice(await connectionString('-d', deviceId), { url, ca, cert, key })
      const state = await firstValueFrom(link.state$.pipe(filter(isSettled)))
      await link.close()
      return state
    }
    expect(await stateOf('car1')).toMatchObject({ status: 'online' })
    expect(await stateOf('mobile1')).toMatchObject({ status: 'closed', error: { reasonCode: 5 } })
  })

  it('trusts the certificate of a device that is created while the hub runs', async () => {
    const [url = ''] = await run('--tls', '0', '--dev-tls')
    const certificates = join(directory, 'certificates')
    await hub('device-identity', 'create', '--am', 'x509_ca', '--od', certificates, '-d', 'car1')
    await firstValueFrom(lines$.pipe(filter((line) => line.startsWith('devices: 1'))))
    const ca = await readFile(join(directory, '.antiphon', 'dev-tls', 'ca.crt'))
    const cert = await readFile(join(certificates, 'car1.crt'))
    const key = await readFile(join(certificates, 'car1.key'))
    const link = connectDevice(await connectionString('-d', 'car1'), { url, ca, cert, key })
    expect(await firstValueFrom(link.state$.pipe(filter(isSettled)))).toMatchObject({ status: 'online' })
    await link.close()
  })

  it('rejects --output-dir for a device with keys', async () => {
    const create = hub('device-identity', 'create', '-d', 'car1', '--od', directory)
    await expect(create).rejects.toThrow(
      '--output-dir needs device-identity create with --auth-method x509_ca',
    )
  })
})

describe('invoke-device-method of antiphon-hub', () => {
  it('invokes a method of a connected device and prints its response or status', async () => {
    await hub('device-identity', 'create', '-d', 'car1')
    const [url = ''] = await run('--tcp', '0')
    const car = connectDevice(await connectionString('-d', 'car1'), { url })
    serveMethods(car, {
      reboot: ({ value }) => of({ accepted: value }),
      fail: () => throwError(() => new ApplicationError({ code: '409', message: 'busy' })),
    }).subscribe()
    await firstValueFrom(car.subscription$('$az/iot/methods/+/+', { qos: 0 }))
    const invoke = (...args: readonly string[]): Promise<unknown> =>
      hub('az', 'iot', 'hub', 'invoke-device-method', '-d', 'car1', ...args)
    expect(await invoke('--mn', 'reboot', '--mp', '{"hard":true}')).toEqual({
      status: 200,
      payload: { accepted: { hard: true } },
    })
    expect(await invoke('--mn', 'reboot')).toEqual({ status: 200, payload: { accepted: null } })
    expect(await invoke('--mn', 'unknown')).toMatchObject({ status: 404 })
    expect(await invoke('--mn', 'fail')).toMatchObject({ status: 409 })
    await car.close()
    await expect(invoke('--mn', 'reboot')).rejects.toThrow('cannot invoke reboot of car1: ')
  })

  it('serves only processes that can read the files of the hub', async () => {
    await run('--tcp', '0')
    const file = join(directory, 'HUB.hub.run.json')
    expect((await stat(file)).mode & 0o077).toBe(0)
    const { url, token } = JSON.parse(await readFile(file, 'utf8')) as { url: string; token: string }
    const statusOf = async (
      path: string,
      init: RequestInit & { readonly bearer?: string },
    ): Promise<number> => {
      const authorization = `Bearer ${init.bearer ?? token}`
      return (await fetch(url + path, { ...init, headers: { authorization } })).status
    }
    const post = { method: 'POST', body: '{}' }
    expect(await statusOf('/twins/car1/methods', { ...post, bearer: 'guessed' })).toBe(401)
    expect(await statusOf('/twins/car1/methods', { method: 'GET' })).toBe(404)
    expect(await statusOf('/twins', post)).toBe(404)
    expect(await statusOf('/twins/car1/methods', post)).toBe(400)
    expect(await statusOf('/twins/car1/methods', { ...post, body: 'x'.repeat(300_000) })).toBe(404)
    stop$.next()
    await running
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('fails if the hub does not run, if the payload is no JSON, and for a time that is too short', async () => {
    const invoke = (...args: readonly string[]): Promise<unknown> =>
      hub('invoke-device-method', '-d', 'car1', '--mn', 'reboot', ...args)
    await expect(invoke()).rejects.toThrow('the hub does not run; start it with antiphon-hub run')
    await expect(invoke('--mp', '{')).rejects.toThrow('--method-payload is not JSON')
    await expect(invoke('--to', '4')).rejects.toThrow(
      "--timeout is '4': it must be a whole number from 5 to 300",
    )
    const file = join(directory, 'HUB.hub.run.json')
    await writeFile(file, JSON.stringify({ url: 'http://127.0.0.1:1', token: 'x' }))
    await expect(invoke()).rejects.toThrow('the hub does not run')
    await writeFile(file, '{}')
    await expect(invoke()).rejects.toThrow('the hub does not run')
  })
})

describe('antiphon-hub run with --data', () => {
  it('resumes sessions of an earlier run, and counts their subscriptions', async () => {
    await hub('topic-space', 'create', '--tsn', 'alerts', '--tst', 'LowFanout', '--template', 'fleet/#')
    const data = join(directory, 'data')
    const open = async (url: string, deviceId: string): Promise<string> => {
      const link = connectDevice(await connectionString('-d', deviceId), { url })
      const outcome$ = new ReplaySubject<string>(1)
      link.subscription$('fleet/#').subscribe({
        next: () => outcome$.next('granted'),
        error: () => outcome$.next('refused'),
      })
      const outcome = await firstValueFrom(outcome$)
      await link.close()
      return outcome
    }
    const deviceIds = Array.from({ length: 11 }, (_, n) => `car${n}`)
    for (const deviceId of deviceIds) await hub('device-identity', 'create', '-d', deviceId)
    const [url = ''] = await run('--tcp', '0', '--data', data)
    for (const deviceId of deviceIds.slice(0, 10)) expect(await open(url, deviceId)).toBe('granted')
    stop$.next()
    await running
    const [nextUrl = ''] = await run('--tcp', '0', '--data', data, '--verbose')
    expect(await open(nextUrl, 'car10')).toBe('refused')
    expect(await open(nextUrl, 'car0')).toBe('granted')
  })
})
