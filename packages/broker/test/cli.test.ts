import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createAuthority } from '@antiphon/workshop/certificates'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { optionNames, readArguments } from '../src/cli/arguments.js'
import { help } from '../src/cli/help.js'
import { hex } from './world.js'
import { bundleBroker, removeBrokerBundle } from './durable/broker-process.js'
import { untilClosed } from './listen/until-closed.js'

describe('readArguments', () => {
  it('reads --port, --ws and --wss with --host, --path and TLS files as listeners', () => {
    expect(readArguments([])).toEqual({ config: { limits: {} }, isCheck: false, usesDevelopmentTls: false })
    expect(readArguments(['--host', '::'])).toMatchObject({
      config: { listen: [{ protocol: 'tcp', port: 1883, host: '::' }] },
    })
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
      '--crl',
      'r1',
      '--crl',
      'r2',
    ]
    expect(readArguments(args)).toMatchObject({
      config: {
        listen: [
          { protocol: 'ws', port: 9001, host: '::', path: '/mqtt' },
          { protocol: 'wss', port: 0, path: '/mqtt', cert: 'c', key: 'k', ca: 'a', crl: ['r1', 'r2'] },
        ],
      },
    })
  })

  it('reads users, files, storage, policies, logs and limits', () => {
    const args =
      '--user a:b:c --user d: --data dir --max-connections 5 --max-packet 100 --max-queue 7 --max-sessions 8 --max-total 9000 --session-policy refuse-new --memory-policy refuse-new --verbose'.split(
        ' ',
      )
    expect(
      readArguments([...args, '--queue-policy', 'disconnect', '--shared-offline', 'skip']),
    ).toMatchObject({
      config: {
        users: { a: 'b:c', d: '' },
        data: 'dir',
        limits: { connections: 5, packetSize: 100, queueMessages: 7, sessions: 8, totalBytes: 9000 },
        queuePolicy: 'disconnect',
        sharedOffline: 'skip',
        sessionPolicy: 'refuse-new',
        memoryPolicy: 'refuse-new',
        logLevel: 'debug',
        logFormat: 'json',
      },
    })
    const files = '--config c.toml --check-config --password-file p --acl-file a --allow-anonymous'.split(' ')
    const others =
      '--certificate-user --response-information r/ --log-level warn --json --monitor 9464 --sys-period 5000'.split(
        ' ',
      )
    expect(readArguments([...files, ...others])).toEqual({
      config: {
        limits: {},
        passwordFile: 'p',
        aclFile: 'a',
        allowAnonymous: true,
        certificateUser: true,
        responseInformation: 'r/',
        logLevel: 'warn',
        logFormat: 'json',
        monitor: { port: 9464 },
        sysPeriod: 5_000,
      },
      configFile: 'c.toml',
      isCheck: true,
      usesDevelopmentTls: false,
    })
    expect([readArguments(['--help']), readArguments(['-h'])]).toEqual(['help', 'help'])
    expect(readArguments(['--version'])).toBe('version')
    expect(readArguments(['--dev-tls'])).toMatchObject({
      config: { listen: [{ protocol: 'tls', port: 8883 }] },
      usesDevelopmentTls: true,
    })
  })

  it.each([
    [['--port', 'x'], '--port'],
    [['--port', '65536'], '65535'],
    [['--tls', '1'], '--cert and --key, or --dev-tls'],
    [['--dev-tls', '--cert', 'c'], '--dev-tls excludes --cert, --key and --ca'],
    [['--user', 'x'], 'name:password'],
    [['--queue-policy', 'x'], 'drop-oldest'],
    [['--shared-offline', 'x'], "--shared-offline is 'x': it must be queue or skip"],
    [['--tls', '1', '--cert', 'c', '--key', 'k', '--crl', 'r'], '--crl needs --ca'],
    [['--max-conections', '5'], "Unknown option '--max-conections'; did you mean --max-connections?"],
    [['--session-policy', 'x'], 'end-oldest or refuse-new'],
    [['--log-level', 'x'], 'error, warn, info or debug'],
    [['--memory-policy', 'x'], 'drop-largest or refuse-new'],
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
  function run(...args: readonly (string | NodeJS.ProcessEnv)[]): {
    lines: AsyncIterator<string>
    child: ChildProcess
    errors: () => string
  } {
    const words = args.filter((arg) => typeof arg === 'string')
    const env = Object.assign(
      {},
      process.env,
      ...args.filter((arg) => typeof arg !== 'string'),
    ) as NodeJS.ProcessEnv
    const child = spawn(process.execPath, [cli, ...words], { env })
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
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    expect(await next(lines)).toBe('draining')
    expect(await offline).toMatchObject({ error: { reasonCode: 0x8b } })
    await link.close()
    expect(await next(lines)).toBe('closed')
    expect(await exited).toEqual([0, null])
  })

  it('reports a storage that another broker uses, or that is corrupt, in one line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-cli-'))
    const failure = async (): Promise<string> => {
      const { child, errors } = run('--port', '0', '--data', folder)
      await once(child, 'close')
      return errors()
    }
    const first = run('--port', '0', '--data', folder)
    await next(first.lines)
    expect(await failure()).toMatch(
      /^antiphon-broker: cannot open the storage in .*: it is locked by another process; .*\n$/,
    )
    first.child.kill('SIGTERM')
    await once(first.child, 'close')
    const manifest = (await readdir(folder)).find((file) => file.startsWith('MANIFEST')) ?? ''
    await writeFile(join(folder, manifest), 'garbage garbage garbage')
    expect(await failure()).toMatch(/it is corrupt \(.*\); restore a backup/)
    await rm(folder, { recursive: true })
  })

  it('refuses a client certificate that --crl revokes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-cli-'))
    const authority = await createAuthority()
    const server = await authority.issue({ commonName: 'broker', usage: 'server', hosts: ['localhost'] })
    const good = await authority.issue({ commonName: 'good', usage: 'client' })
    const revoked = await authority.issue({ commonName: 'revoked', usage: 'client' })
    const contents = { ...server, ca: authority.cert, crl: await authority.revocationList([revoked]) }
    const files = Object.entries(contents).map(([name, content]) => ({
      name,
      content,
      path: join(folder, name),
    }))
    for (const { path, content } of files) await writeFile(path, content)
    const { lines } = run('--tls', '0', ...files.flatMap(({ name, path }) => [`--${name}`, path]))
    const port = Number(/:(\d+)$/.exec(await next(lines))?.[1])
    const outcome = async (identity: typeof good): Promise<string> => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: authority.cert,
        ...identity,
      })
      socket.on('error', () => undefined)
      socket.write(hex('10 0e 00044d515454 05 02 0000 00 0001 61'))
      const [event] = await Promise.race([
        new Promise<[string]>((resolve) => socket.once('data', () => resolve(['connack']))),
        untilClosed(socket).then(() => ['closed']),
      ])
      socket.destroy()
      return event ?? ''
    }
    expect([await outcome(good), await outcome(revoked)]).toEqual(['connack', 'closed'])
    await rm(folder, { recursive: true })
  })

  it('listens with --dev-tls for clients that trust the authority it prints', async () => {
    const home = await mkdtemp(join(tmpdir(), 'antiphon-home-'))
    const { lines } = run({ HOME: home }, '--dev-tls', '--tls', '0', '--wss', '0', '--port', '0')
    const printed: string[] = []
    while (!printed.some((line) => line.startsWith('listening on wss:'))) printed.push(await next(lines))
    const caFile = /NODE_EXTRA_CA_CERTS=(.*)/.exec(printed.join('\n'))?.[1] ?? ''
    expect(caFile).toBe(join(home, '.antiphon', 'dev-tls', 'ca.crt'))
    const ca = readFileSync(caFile)
    const urls = printed.flatMap((line) => /^listening on (.*)$/.exec(line)?.[1] ?? [])
    expect(urls.map((url) => url.split(':')[0])).toEqual(['mqtt', 'mqtts', 'wss'])
    for (const url of urls) {
      const link = connect(url, url.startsWith('mqtt:') ? {} : { ca })
      await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
      await link.close()
    }
    await rm(home, { recursive: true })
  })

  it('exits on SIGTERM although a client is silent in its handshake', async () => {
    const { lines, child } = run('--port', '0', '--ws', '0')
    await next(lines)
    const port = Number(/:(\d+)$/.exec(await next(lines))?.[1])
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    socket.destroy()
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
