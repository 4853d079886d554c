import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { help, optionNames, readArguments } from '../src/cli/arguments.js'
import { bundleBroker, removeBrokerBundle } from './durable/broker-process.js'

describe('readArguments', () => {
  it('reads --port, --ws and --wss with --host, --path and TLS files as listeners', () => {
    expect(readArguments([])).toMatchObject({ listen: [{ protocol: 'tcp', port: 1883, host: '127.0.0.1' }] })
    const args = [
      '--ws',
      '9001',
      '--host',
      '::',
      '--path',
      '/mqtt',
      '--wss',
      '0',
      '--cert',
      'c',
      '--key',
      'k',
      '--ca',
      'a',
    ]
    expect(readArguments(args)).toMatchObject({
      listen: [
        { protocol: 'ws', port: 9001, host: '::', path: '/mqtt' },
        { protocol: 'wss', port: 0, files: { cert: 'c', key: 'k', ca: 'a' } },
      ],
    })
  })

  it('reads --user, --data, --queue-policy, --verbose and limits', () => {
    const args =
      '--user a:b:c --user d: --data dir --max-connections 5 --max-packet 100 --max-queue 7 --verbose'.split(
        ' ',
      )
    expect(
      readArguments([...args, '--queue-policy', 'disconnect', '--shared-offline', 'skip']),
    ).toMatchObject({
      users: new Map([
        ['a', 'b:c'],
        ['d', ''],
      ]),
      data: 'dir',
      limits: { connections: 5, packetSize: 100, queueMessages: 7 },
      queuePolicy: 'disconnect',
      sharedOffline: 'skip',
      isVerbose: true,
    })
    expect([readArguments(['--help']), readArguments(['-h'])]).toEqual(['help', 'help'])
    expect(readArguments(['--version'])).toBe('version')
  })

  it.each([
    [['--port', 'x'], '--port'],
    [['--port', '65536'], '65535'],
    [['--tls', '1'], '--cert and --key'],
    [['--user', 'x'], 'name:password'],
    [['--queue-policy', 'x'], 'drop-oldest'],
    [['--shared-offline', 'x'], "--shared-offline is 'x': it must be queue or skip"],
    [['--nonsense'], "Unknown option '--nonsense'; see --help"],
    [['--port'], "'--port <value>' argument missing; see --help"],
    [['--user', '--verbose'], "'--user' argument is ambiguous"],
    [['extra'], 'extra'],
  ])('refuses the arguments %j and points to --help', (args, reason) => {
    expect(() => readArguments(args)).toThrow(reason)
    expect(() => readArguments(args)).toThrow('see --help')
  })

  it('explains every option in --help', () => {
    const lines = [...help.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name)
    expect(lines.sort()).toEqual([...optionNames].sort())
  })
})

describe('antiphon-broker command', () => {
  let cli: string
  const children = new Set<ChildProcess>()
  beforeAll(async () => {
    cli = await bundleBroker()
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    children.clear()
  })
  afterAll(removeBrokerBundle)

  /** Starts the command and reads its output. */
  function run(...args: string[]): {
    lines: AsyncIterator<string>
    child: ChildProcess
    errors: () => string
  } {
    const child = spawn(process.execPath, [cli, ...args])
    children.add(child)
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const lines = createInterface({ input: child.stdout as never })[Symbol.asyncIterator]()
    return { lines, child, errors: () => errors }
  }
  const next = async (lines: AsyncIterator<string>): Promise<string> => (await lines.next()).value as string

  it('prints its URLs, admits only its users and drains on SIGINT', async () => {
    const { lines, child } = run('--port', '0', '--ws', '0', '--user', 'me:secret')
    const url = (await next(lines)).replace('listening on ', '')
    expect(url).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/)
    expect(await next(lines)).toMatch(/^listening on ws:\/\/127\.0\.0\.1:\d+$/)
    const refusedLink = connect(url, { username: 'me', password: 'wrong' })
    const closed = await firstValueFrom(refusedLink.state$.pipe(filter(({ status }) => status === 'closed')))
    expect(closed).toMatchObject({ error: { code: 'connection-refused', reasonCode: 0x87 } })
    const link = connect(url, { username: 'me', password: 'secret' })
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    const offline = firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'offline')))
    child.kill('SIGINT')
    expect(await next(lines)).toBe('draining')
    expect(await offline).toMatchObject({ error: { reasonCode: 0x8b } })
    await link.close()
    expect(await next(lines)).toBe('closed')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('prints help and version, and exits with 1 on an unknown option', async () => {
    const { child, errors } = run('--nonsense')
    const closed = once(child, 'close')
    const printed = await Promise.all(['--help', '--version'].map((option) => next(run(option).lines)))
    expect(printed[0]).toMatch('antiphon-broker: an MQTT 5')
    expect(printed[1]).toMatch(/^\d+\.\d+\.\d+$/)
    expect(await closed).toEqual([1, null])
    expect(errors()).toMatch("antiphon-broker: Unknown option '--nonsense'")
  })
})
