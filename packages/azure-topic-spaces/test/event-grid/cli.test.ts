import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom, map, NEVER, of, ReplaySubject, Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LinkState } from '@antiphon/core'
import { help, optionNames, readCommandLine } from '../../src/event-grid/cli/arguments.js'
import { eventGridProgram } from '../../src/event-grid/cli/program.js'
import { connectEventGrid } from '../../src/event-grid/index.js'
import { serveUnlock, unlock$ } from '../../src/index.js'

let directory: string
let lines$: ReplaySubject<string>
const stop$ = new Subject<void>()
let running: Promise<void> | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antiphon-event-grid-'))
  vi.stubEnv('HOME', directory)
})
afterEach(async () => {
  stop$.next()
  await running
  running = undefined
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

/** Runs a command and returns what it prints. */
async function eventGrid(...args: readonly string[]): Promise<string> {
  const printed: string[] = []
  const print = (line: string): void => void printed.push(line)
  await eventGridProgram([...args, '--directory', directory], { print, printError: print, stop$: NEVER })
  return printed.join('\n')
}

/** Runs a command on the namespace NS and returns what it prints as JSON. */
async function onNamespace(...args: readonly string[]): Promise<unknown> {
  const printed = await eventGrid(...args, '--namespace-name', 'NS')
  return printed === '' ? undefined : JSON.parse(printed)
}

/** Runs the namespace NS until the end of the test; resolves with its URL. */
async function run(...args: readonly string[]): Promise<string> {
  lines$ = new ReplaySubject<string>(1_000)
  const print = (line: string): void => lines$.next(line)
  running = eventGridProgram(
    ['run', '-n', 'NS', '--tls', '0', '--dev-tls', ...args, '--directory', directory],
    {
      print,
      printError: print,
      stop$,
    },
  )
  const line = await Promise.race([lineWith('listening on '), running.then(() => '')])
  return line.replace('listening on ', '')
}

const lineWith = (part: string): Promise<string> =>
  firstValueFrom(lines$.pipe(filter((line) => line.includes(part))))

async function connect(name: string, url: string) {
  const inCertificates = (file: string): Promise<string> =>
    readFile(join(directory, 'certificates', file), 'utf8')
  return connectEventGrid({
    host: 'localhost',
    url,
    authenticationName: name,
    ca: await readFile(join(directory, '.antiphon', 'dev-tls', 'ca.crt')),
    cert: await inCertificates(`${name}.crt`),
    key: await inCertificates(`${name}.key`),
  })
}

const isSettled = ({ status }: LinkState): boolean => status === 'online' || status === 'closed'

describe('antiphon-event-grid', () => {
  it('unlocks a car with the clients and certificates of --sample unlock, and logs each refusal with its reason', async () => {
    await eventGrid('create', '-n', 'NS', '--sample', 'unlock', '--od', join(directory, 'certificates'))
    expect((await stat(join(directory, 'NS.namespace.json'))).mode & 0o077).toBe(0)
    const url = await run('--verbose')
    const [car, phone] = [await connect('car1', url), await connect('mobile1', url)]
    const isSubscribed = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
    serveUnlock(car, 'car1').subscribe()
    await isSubscribed
    const { result } = await firstValueFrom(of('car1').pipe(unlock$(phone, 'mobile1')))
    expect(result).toBe('Success')
    await expect(firstValueFrom(phone.subscription$('vehicles/#'))).rejects.toMatchObject({
      code: 'subscribe-refused',
    })
    expect(await lineWith('subscribe-refused')).toContain(
      'no permission binding allows mobile1 to subscribe to all topics of the filter',
    )
    await Promise.all([car.close(), phone.close()])
  })

  it('reloads clients, their certificates and access of the running namespace, and keeps its state if the file is spoiled', async () => {
    await eventGrid('create', '-n', 'NS')
    const url = await run()
    const certificates = join(directory, 'certificates')
    await onNamespace(
      'client',
      'create',
      '-n',
      'car1',
      '--attributes',
      '{"type":"car"}',
      '--od',
      certificates,
    )
    await lineWith('clients: 1')
    const car = await connect('car1', url)
    expect(await firstValueFrom(car.state$.pipe(filter(isSettled)))).toMatchObject({ status: 'online' })
    await writeFile(join(directory, 'NS.namespace.json'), '{')
    expect(await lineWith('is not the file of a namespace')).toContain('restore it from')
    expect(await firstValueFrom(car.state$)).toMatchObject({ status: 'online' })
    await car.close()
  })

  it('resumes sessions of an earlier run with --data', async () => {
    await eventGrid('create', '-n', 'NS', '--sample', 'unlock', '--od', join(directory, 'certificates'))
    const data = [
      '--data',
      join(directory, 'data'),
      '--session-expiry-hours',
      '2',
      '--sessions-per-name',
      '2',
    ]
    const isPresentAt = async (url: string): Promise<unknown> => {
      const car = await connect('car1', url)
      const state = await firstValueFrom(car.state$.pipe(filter(isSettled)))
      await car.close()
      return state.status === 'online' && state.info.sessionPresent
    }
    expect(await isPresentAt(await run(...data))).toBe(false)
    stop$.next()
    await running
    expect(await isPresentAt(await run(...data))).toBe(true)
  })

  it('prints logs as lines of JSON with --json', async () => {
    await eventGrid('create', '-n', 'NS')
    running = undefined
    lines$ = new ReplaySubject<string>(100)
    const print = (line: string): void => lines$.next(line)
    const args = ['run', '-n', 'NS', '--tls', '0', '--dev-tls', '--json', '--directory', directory]
    running = eventGridProgram(args, { print, printError: print, stop$ })
    const notice = await firstValueFrom(
      lines$.pipe(
        map((line) => JSON.parse(line) as { readonly type: string; readonly text?: string }),
        filter(({ text = '' }) => text.startsWith('listening on ')),
      ),
    )
    expect(notice.type).toBe('notice')
  })

  it('runs the unlock story over TLS by one command', async () => {
    const lines = (await eventGrid('demo')).split('\n')
    expect(lines[0]).toMatch(/^listening on mqtts:/)
    expect(lines.slice(1)).toEqual([
      'car1: serves vehicles/unlock/req/car1/#',
      'mobile1: response received.  Result=Success',
    ])
  })

  it('creates, shows, lists and deletes the resources of a namespace', async () => {
    await eventGrid('create', '-n', 'NS')
    const client = { name: 'car1', authenticationName: 'vin-7', attributes: { doors: 4 }, isEnabled: false }
    const asOptions = ['--authentication-name', 'vin-7', '--attributes', '{"doors":4}', '--state', 'disabled']
    expect(await onNamespace('client', 'create', '-n', 'car1', ...asOptions)).toEqual(client)
    expect(await onNamespace('client', 'show', '-n', 'car1')).toEqual(client)
    await onNamespace('client', 'create', '-n', 'car2', '--thumbprint', 'AB:CD')
    expect(await onNamespace('client', 'list')).toEqual([
      client,
      { name: 'car2', validationScheme: 'ThumbprintMatch', allowedThumbprints: ['AB:CD'] },
    ])
    await onNamespace('client', 'delete', '-n', 'car2')
    await onNamespace('client-group', 'create', '-n', 'cars', '--group-query', 'attributes.doors > 2')
    const space = [
      'topic-space',
      'create',
      '-n',
      'all',
      '--topic-templates',
      'a/#',
      'b/${client.authenticationName}',
    ]
    expect(await onNamespace('az', 'eventgrid', 'namespace', ...space)).toEqual({
      name: 'all',
      topicTemplates: ['a/#', 'b/${client.authenticationName}'],
    })
    const binding = ['--client-group-name', 'cars', '--topic-space-name', 'all', '--permission', 'publisher']
    expect(await onNamespace('permission-binding', 'create', '-n', 'cars-all', ...binding)).toMatchObject({
      permission: 'Publisher',
    })
    await expect(onNamespace('topic-space', 'delete', '-n', 'all')).rejects.toThrow(
      'invalid permission binding cars-all: there is no topic space "all"',
    )
    expect(await onNamespace('topic-space', 'list')).toHaveLength(1)
  })

  it('writes a certificate to the files named after the client, with its authentication name', async () => {
    await eventGrid('create', '-n', 'NS')
    const certificates = join(directory, 'certificates')
    const args = ['-n', 'car1', '--authentication-name', 'a/b', '--od', certificates]
    await onNamespace('client', 'create', ...args)
    expect(await readFile(join(certificates, 'car1.crt'), 'utf8')).toContain('BEGIN CERTIFICATE')
    expect((await stat(join(certificates, 'car1.key'))).mode & 0o077).toBe(0)
  })

  it.each([
    [['create', '-n', '../x'], 'the name of the namespace is "../x"'],
    [['create', '-n', 'NEW', '--sample', 'unlock'], 'need each other'],
    [['create', '-n', 'NEW', '--sample', 'x', '--od', '.'], "--sample is 'x': it must be unlock"],
    [['create', '-n', 'NS'], 'there is a namespace in'],
    [['run', '-n', 'NONE'], 'create one with: antiphon-event-grid create'],
    [['run', '-n', 'NS'], '--cert is missing'],
    [['run', '-n', 'NS', '--tls', 'x'], "--tls is 'x'"],
    [
      ['run', '-n', 'NS', '--dev-tls', '--sessions-per-name', ''],
      'maximumClientSessionsPerAuthenticationName is NaN',
    ],
    [['client', 'burn', '--namespace-name', 'NS'], 'the command "client burn" is unknown'],
    [['client', 'show', '-n', 'x', '--namespace-name', 'NS'], 'there is no client "x": see client list'],
    [
      ['client', 'create', '-n', 'x', '--attributes', '{', '--namespace-name', 'NS'],
      '--attributes is not JSON',
    ],
    [
      ['client', 'create', '-n', 'x', '--attributes', '[{}]', '--namespace-name', 'NS'],
      'must be a JSON object',
    ],
    [
      ['client', 'create', '-n', 'x', '--attributes', 'null', '--namespace-name', 'NS'],
      'must be a JSON object',
    ],
    [['client', 'create', '-n', 'x', '--state', 'asleep', '--namespace-name', 'NS'], '--state is "Asleep"'],
    [
      ['client', 'delete', '-n', 'x', '--od', '.', '--namespace-name', 'NS'],
      '--output-dir needs client create',
    ],
  ])('rejects the antiphon-event-grid command line %j with its reason', async (args, why) => {
    await eventGrid('create', '-n', 'NS')
    await expect(eventGrid(...args)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(why) as string }),
    )
  })

  it('prints the help of antiphon-event-grid, which explains every option', async () => {
    expect([await eventGrid('--help'), readCommandLine([])]).toEqual([help, 'help'])
    const explained = [...help.matchAll(/--([a-z-]+)/g)].map(([, name]) => name)
    expect([...new Set(explained)].sort()).toEqual([...optionNames].sort())
  })
})
