import { createBroker, type Broker } from '@antiphon/broker'
import type { ConnectOptions } from '@antiphon/mqtt'
import { bytes, endpoint, requests$, serve } from '@antiphon/core'
import { startHttpProxy, startSocksProxy } from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom, of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toConnectArguments } from '../src/connection/connect-options.js'
import type { ConnectionFlags } from '../src/flags/connection-flags.js'
import { antiphon } from './run-antiphon.js'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
const fileOf = (name: string, content: string): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}
let broker: Broker
let urls: { readonly tcp: string; readonly tls: string; readonly ws: string }
let certificates: Certificates

beforeAll(async () => {
  certificates = await makeCertificates({ clients: ['shell'] })
  broker = createBroker({
    authority: {
      authenticate: ({ userName, password }) =>
        userName === 'eve' && new TextDecoder().decode(password) !== 'secret'
          ? { admit: false, reasonCode: 0x86 }
          : { admit: true },
    },
  })
  const host = '127.0.0.1'
  const { cert, key } = certificates.server
  const tlsOptions = { cert, key, ca: certificates.ca, requestCert: true, rejectUnauthorized: true }
  const tcp = await broker.listen({ protocol: 'tcp', port: 0, host })
  const tls = await broker.listen({ protocol: 'tls', port: 0, host, tls: tlsOptions })
  const ws = await broker.listen({ protocol: 'ws', port: 0, host })
  urls = {
    tcp: `mqtt://127.0.0.1:${tcp.port}`,
    tls: `mqtts://127.0.0.1:${tls.port}`,
    ws: `ws://127.0.0.1:${ws.port}/mqtt`,
  }
  await new Promise<void>((resolve) => {
    const echo = endpoint({ topic: 'echo', request: bytes, response: bytes })
    requests$(broker.link(), echo, { onSubscribed: resolve })
      .pipe(serve(({ value }) => of(value)))
      .subscribe()
  })
})
afterAll(async () => {
  await broker.close()
  await certificates.remove()
  rmSync(folder, { recursive: true })
})

const request = (...args: readonly string[]) => antiphon(['request', 'echo', 'x', ...args])

describe('the connection options', () => {
  it('connect by TLS with a client certificate', async () => {
    const { certFile = '', keyFile = '' } = certificates.clients['shell'] ?? {}
    const certificate = ['--cert', certFile, '--key', keyFile]
    const { code, stdout, stderr } = await request(
      '-u',
      urls.tls,
      '--ca',
      certificates.caFile,
      ...certificate,
    )
    expect([code, stdout, stderr]).toEqual([0, 'x\n', ''])
    expect(await request('-u', urls.tls, '--insecure', ...certificate, '--alpn', 'mqtt')).toMatchObject({
      code: 0,
    })
    expect(await request('-u', urls.tls, ...certificate)).toMatchObject({ code: 8 })
    expect(await request('-u', urls.tls, '--ca', join(folder, 'missing.pem'))).toMatchObject({
      code: 2,
      stderr: `antiphon: cannot read --ca ${join(folder, 'missing.pem')}: there is no such file\n`,
    })
  })

  it('connect by WebSocket with headers, of which one is in a file', async () => {
    const headers = ['--header', 'x-a=1', '--header', `authorization=@${fileOf('token', 'Bearer t\n')}`]
    expect(await request('-u', urls.ws, ...headers)).toMatchObject({ code: 0 })
    const { options } = await toConnectArguments({ header: [['a', `@${join(folder, 'token')}`]] }, {})
    expect(options.wsOptions).toEqual({ headers: { a: 'Bearer t' } })
  })

  it('connect through proxies', async () => {
    const http = await startHttpProxy()
    const socks = await startSocksProxy()
    expect(await request('-u', urls.tcp, '--proxy', http.url)).toMatchObject({ code: 0 })
    const env = { ANTIPHON_PROXY: socks.url, ANTIPHON_URL: urls.tcp }
    expect(await antiphon(['request', 'echo'], { env })).toMatchObject({ code: 0 })
    await http.stop()
    await socks.stop()
  })

  it('take the password from a file, a command or the environment, and never print it', async () => {
    const user = ['-u', urls.tcp, '--username', 'eve', '-v']
    const runs = [
      await request(...user, '--password-file', fileOf('password', 'secret\n')),
      await request(...user, '--password-command', 'echo secret'),
      await antiphon(['request', 'echo', 'x', ...user], { env: { ANTIPHON_PASSWORD: 'secret' } }),
      await antiphon(['request', 'echo', '-u', urls.tcp, '-v'], {
        env: { ANTIPHON_USERNAME: 'eve', ANTIPHON_PASSWORD: 'secret' },
      }),
    ]
    for (const { code, stdout, stderr } of runs) {
      expect(code).toBe(0)
      expect(stdout + stderr).not.toContain('secret')
    }
    const refused = await antiphon(['request', 'echo', ...user], { env: { ANTIPHON_PASSWORD: 'wrong' } })
    expect(refused).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('bad user name or password') as string,
    })
    expect(refused.stderr).not.toContain('wrong')
  })

  it.each<[readonly string[], string]>([
    [['--password-file', 'x'], '--password-file needs a user: set --username'],
    [['--password-command', 'x'], '--password-command needs a user: set --username'],
    [
      ['--username', 'eve', '--password-command', 'x', '--password-file', 'y'],
      '--password-file and --password-command exclude each other',
    ],
    [
      ['--header', 'Authorization=Bearer t'],
      '--header Authorization has a secret, which other users see in the process list: set --header Authorization=@<file>',
    ],
    [['--will-payload', 'x'], 'the options of a will need --will-topic'],
  ])('refuse %j', async (args, message) => {
    expect(await request(...args)).toMatchObject({ code: 2, stderr: `antiphon: ${message}\n` })
  })

  it('name a command for the password that fails, without its output', async () => {
    const { code, stderr } = await request(
      '-u',
      urls.tcp,
      '--username',
      'eve',
      '--password-command',
      'echo secret; exit 3',
    )
    expect([code, stderr]).toEqual([8, 'antiphon: --password-command failed: it exited with 3\n'])
    expect(stderr).not.toContain('secret')
  })

  it('name a file that may not be read', async () => {
    const { stderr, code } = await request('-u', urls.tcp, '--username', 'eve', '--password-file', folder)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cannot read --password-file .*: EISDIR/)])
  })

  it('publish a will', async () => {
    const will = ['--will-topic', 'wills', '--will-payload', 'gone', '--will-qos', '1', '--will-retain']
    const { code } = await request('-u', urls.tcp, ...will, '--will-delay-interval', '0')
    expect(code).toBe(0)
  })

  it('resume a session', async () => {
    const options = [
      '--client-id',
      'kept',
      '--no-clean',
      '--session-expiry-interval',
      '60',
      '-v',
      '-u',
      urls.tcp,
    ]
    const isConnected = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'connected')))
    expect((await request(...options)).stderr).toContain('new session')
    await isConnected
    expect((await request(...options)).stderr).toContain('session present')
  })
})

/** The option of the command line for each option of `connect`, with a value of it; `null`: not for a command line. */
const flagOf: Readonly<Record<keyof ConnectOptions, ConnectionFlags | null>> = {
  protocolVersion: { mqttVersion: 4 },
  clientId: { clientId: 'a' },
  clean: { clean: false },
  keepalive: { keepalive: 5 },
  connectTimeout: { connectTimeout: 5 },
  username: { username: 'a' },
  password: { username: 'a' },
  credentials: { username: 'a', passwordCommand: 'true' },
  endSession: { endSession: true },
  will: { willTopic: 'a' },
  properties: { receiveMaximum: 3, connectProperty: [['a', 'b']] },
  ca: { ca: [] },
  cert: { cert: '/dev/null' },
  key: { key: '/dev/null' },
  passphrase: { key: '/dev/null' },
  rejectUnauthorized: { insecure: true },
  servername: { servername: 'a' },
  ALPNProtocols: { alpn: ['mqtt'] },
  wsOptions: { header: [['a', 'b']] },
  tunnel: { proxy: 'http://localhost:1' },
  maxConnectionAge: { maxConnectionAge: 5 },
  closeTimeout: { closeTimeout: 5 },
  // Enhanced authentication is a function. The others tune a long-lived program, or one that does not close its link.
  authentication: null,
  timerVariant: null,
  scheduler: null,
  reconnect: null,
  queue: null,
  unrouted: null,
  filtersPerSubscribe: null,
  maxResponseSubscriptions: null,
  serverRedirection: null,
  backgroundScheduler: null,
  unref: null,
  limits: null,
}

describe('the options of connect', () => {
  it.each(Object.entries(flagOf).filter(([, flags]) => flags !== null))('include %s', async (name, flags) => {
    const env = { ANTIPHON_PASSWORD: 'p', ANTIPHON_PASSPHRASE: 'p' }
    const { options, linkOptions } = await toConnectArguments(flags ?? {}, env)
    expect({ ...options, ...linkOptions }).toHaveProperty(name)
  })

  it('are absent if the command line does not set them', async () => {
    expect(await toConnectArguments({}, {})).toEqual({
      url: ['mqtt://localhost:1883'],
      options: {},
      linkOptions: {},
    })
  })
})
