import { toUtf8 } from '@antiphon/core/codec'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, NEVER, ReplaySubject, Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { help, optionNames, readArguments } from '../src/cli/arguments.js'
import { ociProgram } from '../src/cli/program.js'
import { rawJson, serveCommands } from '../src/index.js'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { lamp } from './world.js'

const required = ['--digital-twin-instance-id', lamp.id, '--request-endpoint', 'iot/v1/cmd']

describe('the command line', () => {
  it('reads invoke-raw-json-command with the options of OCI’s command line', () => {
    const request = readArguments([
      ...['iot', 'digital-twin-instance', 'invoke-raw-json-command', ...required],
      ...['--request-duration', 'PT10M', '--response-endpoint', 'iot/v1/rsp', '--response-duration', 'PT10M'],
      ...['--request-data', '{\n    "hello": "world"\n  }', '--endpoint', 'http://localhost:1'],
    ])
    expect(request).toEqual({
      command: 'invoke',
      instanceId: lamp.id,
      invocation: {
        requestDataFormat: 'JSON',
        requestEndpoint: 'iot/v1/cmd',
        requestDuration: 'PT10M',
        responseEndpoint: 'iot/v1/rsp',
        responseDuration: 'PT10M',
        requestData: rawJson('{\n    "hello": "world"\n  }'),
      },
      url: 'http://localhost:1',
      isFollowed: false,
      timeout: Infinity,
    })
  })

  it.each([
    ['invoke-raw-text-command', 'TEXT', 'aGk='],
    ['invoke-raw-binary-command', 'BINARY', 'aGk='],
  ])('reads %s with its data', (command, requestDataFormat, requestData) => {
    expect(readArguments([command, ...required, '--request-data', requestData])).toMatchObject({
      invocation: { requestDataFormat, requestData },
    })
  })

  it('reads --request-data from a file, --timeout and --wait', () => {
    const file = ['--request-data', `file://${new URL('../package.json', import.meta.url).pathname}`]
    const read = (format: string): unknown =>
      readArguments([`invoke-raw-${format}-command`, ...required, ...file, '--timeout', '3', '--wait'])
    const name = '@antiphon/oci-raw-commands'
    expect(read('json')).toMatchObject({
      invocation: { requestData: { text: expect.stringContaining(name) as string } },
      timeout: 3_000,
      isFollowed: true,
    })
    expect(read('text')).toMatchObject({
      invocation: { requestData: expect.stringContaining(name) as string },
    })
    expect(read('binary')).toMatchObject({
      invocation: { requestData: expect.stringMatching(/^[A-Za-z\d+/]+=*$/) as string },
    })
  })

  it('reads the options of the platform command', () => {
    const tls = ['--cert', 'c', '--key', 'k', '--ca', 'a', '--wss', '443']
    expect(readArguments(['platform', '--device', 'a:b', '--host', '0.0.0.0'])).toMatchObject({
      host: '0.0.0.0',
    })
    expect(readArguments(['platform', '--device', 'lamp:a:b', '--http', '0', ...tls])).toEqual({
      command: 'platform',
      devices: [{ id: 'ocid1.iotdigitaltwininstance.oc1..lamp', externalKey: 'lamp', password: 'a:b' }],
      host: '127.0.0.1',
      http: 0,
      port: 8_883,
      wss: 443,
      tls: { cert: 'c', key: 'k' },
      ca: 'a',
      isVerbose: false,
      isJson: false,
    })
    const more = ['--dev-tls', '--data', 'd', '--verbose', '--json']
    expect(readArguments(['platform', '--device', 'a:b', ...more])).toMatchObject({
      tls: 'development',
      data: 'd',
      isVerbose: true,
      isJson: true,
    })
  })

  it.each<readonly [string, readonly string[]]>([
    ['--digital-twin-instance-id', ['invoke-raw-json-command']],
    ['--request-endpoint', ['invoke-raw-text-command', '--digital-twin-instance-id', 'x']],
    ['--request-data', ['invoke-raw-json-command', ...required, '--request-data', '{']],
    ['--surprise', ['invoke-raw-json-command', ...required, '--surprise']],
    ['--timeout', ['invoke-raw-json-command', ...required, '--timeout', 'soon']],
    ['invoke-raw-xml-command', ['invoke-raw-xml-command']],
    ['--device', ['platform']],
    ['--device', ['platform', '--device', 'no-password']],
    ['--cert', ['platform', '--device', 'a:b', '--cert', 'x']],
    ['--wss', ['platform', '--device', 'a:b', '--wss', '443']],
    ['--dev-tls', ['platform', '--device', 'a:b', '--dev-tls', '--cert', 'c', '--key', 'k']],
    ['--ca', ['platform', '--device', 'a:b', '--ca', 'a']],
  ])('rejects an antiphon-oci command line with the name of the wrong part: %s', (name, args) => {
    expect(() => readArguments(args)).toThrow(name)
  })

  it.each<readonly [string, readonly string[]]>([
    ["Unknown option '--surprise'; see --help", ['platform', '--surprise']],
    ["Option '--http <value>' argument missing; see --help", ['platform', '--http']],
    ["'--http' argument is ambiguous. Did you forget", ['platform', '--http', '--wait']],
    ["the command '' is unknown; see --help", []],
    ["the command 'constructor' is unknown; see --help", ['constructor']],
    [
      "--http is 'x': it must be a whole number from 0 to 65535",
      ['platform', '--device', 'a:b', '--http', 'x'],
    ],
  ])('rejects an antiphon-oci command line with a message of one line: %s', (message, args) => {
    expect(() => readArguments(args)).toThrow(message)
    expect(() => readArguments(args)).toThrow(/^.*; see --help$/)
  })

  it('explains every option of antiphon-oci in its help', () => {
    expect([readArguments(['--help']), readArguments(['-h'])]).toEqual(['help', 'help'])
    const explained = [...help.matchAll(/--([a-z-]+)/g)].map(([, name]) => name)
    expect([...new Set(explained)].sort()).toEqual([...optionNames].sort())
  })
})

describe('antiphon-oci', () => {
  /** Runs the program and returns what it prints; rejects with its error. */
  const oci = async (...args: readonly string[]): Promise<string> => {
    const printed: string[] = []
    await ociProgram(args, { print: (line) => printed.push(line), stop$: NEVER })
    return printed.join('\n')
  }
  let platform: Platform
  let url: string
  beforeAll(async () => {
    platform = createPlatform({ instances: [lamp] })
    ;({ url } = await platform.listenHttp())
  })
  afterAll(() => platform.close())

  it('invokes a command with --wait and prints each status and the record with the response', async () => {
    const { externalKey: username, password } = lamp
    const link = platform.broker.link({ clientId: 'lamp', clean: false, username, password })
    const isSubscribed = firstValueFrom(link.subscription$('iot/v1/cmd/#'))
    serveCommands(link).subscribe()
    await isSubscribed
    const response = ['--response-endpoint', 'iot/v1/rsp', '--endpoint', url, '--wait']
    const printed = await oci('invoke-raw-text-command', ...required, '--request-data', 'hi', ...response)
    expect(printed).toMatch(/^COMPLETED$/m)
    expect(JSON.parse(printed.slice(printed.indexOf('{')))).toMatchObject({
      request_data: 'hi',
      response_data: { status: 'acknowledged' },
    })
    await link.close()
  })

  it('prints the id of the record without --wait', async () => {
    const [id = ''] = (await oci('invoke-raw-text-command', ...required, '--endpoint', url)).split('\n')
    expect(platform.record(id)).toMatchObject({ request_endpoint: 'iot/v1/cmd' })
    expect(await oci('--help')).toBe(help)
  })

  it('runs the platform, prints telemetry and statuses, and closes it on Ctrl-C', async () => {
    const printed$ = new ReplaySubject<string>(100)
    const stop$ = new Subject<void>()
    const print = (line: string): void => printed$.next(line)
    const lineWith = (part: string): Promise<string> =>
      firstValueFrom(printed$.pipe(filter((line) => line.includes(part))))
    const args = [
      'platform',
      '--device',
      `${lamp.externalKey}:${lamp.password}`,
      '--http',
      '0',
      '--port',
      '0',
    ]
    const running = ociProgram(args, { print, stop$ })
    const endpoint = (await lineWith('listening on http:')).replace('listening on ', '')
    const broker = (await lineWith('listening on mqtt:')).replace('listening on ', '')
    const [, id = ''] = (await lineWith(' is ')).split(' is ')
    const { externalKey: username, password } = lamp
    const link = connect(broker, { clientId: 'lamp', clean: false, protocolVersion: 4, username, password })
    const topic = 'iot/v1/mqtt'
    await firstValueFrom(link.publish$({ topic, payload: toUtf8('21.5') }))
    expect(await lineWith(topic)).toBe(`${id} ${topic} 21.5`)
    const command = ['invoke-raw-text-command', '--digital-twin-instance-id', id, '--request-endpoint', 'x']
    const invoked = await oci(...command, '--endpoint', endpoint)
    expect(await lineWith(invoked)).toMatch(/PENDING$/)
    stop$.next()
    await running
    await link.close()
  })

  it('exits with code 1 and the name of the field when the platform rejects a command', async () => {
    const program = new URL('../src/cli/main.ts', import.meta.url).pathname
    const args = [...required, '--request-duration', '10m', '--endpoint', url]
    const refused = promisify(execFile)(process.execPath, [
      ...['--import', 'tsx', program, 'invoke-raw-text-command'],
      ...args,
    ])
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('requestDuration') as string,
    })
  })
})
