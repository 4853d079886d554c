import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, makeCertificates } from '@antiphon/workshop/certificates'
import type { Certificates } from '@antiphon/workshop/certificates'
import { parse } from 'smol-toml'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { formatHash, hashPassword } from '../../src/access/password-hash.js'
import { toBrokerOptions } from '../../src/cli/broker-options.js'
import { configFaults } from '../../src/cli/config-faults.js'
import { configRules, listenerRules } from '../../src/cli/config.js'
import type { Config } from '../../src/cli/config.js'
import { limitRules } from '../../src/limits.js'
import { resolveOptions } from '../../src/options.js'
import { rateRules } from '../../src/rates/rate-limits.js'
import { cheap } from '../access/cheap-cost.js'
import { dialTcp, rawClientOver } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { testCommand } from './command-host.js'
import type { TestCommand } from './command-host.js'

/** A row of the tables of settings. */
interface Row {
  readonly name: string
  /** The example as a value. */
  readonly example: unknown
  /** The default as a value, if the table has one. */
  readonly default: unknown
}

const page = readFileSync(new URL('../../../../docs/guide/broker-settings.md', import.meta.url), 'utf8')

function toValue(toml: string): unknown {
  try {
    return (parse(`value = ${toml}`) as { readonly value: unknown }).value
  } catch {
    return undefined
  }
}

const rows: readonly Row[] = [...page.matchAll(/^\| `([\w.]+)` +\| `([^`]+)` +\| (?:`([^`]+)` *\|)?/gm)].map(
  ([, name = '', example = '', fallback = '']) => ({
    name,
    example: toValue(example),
    default: toValue(fallback),
  }),
)

/** Returns settings with one of them set, by its name in the table. */
function settingsWith(name: string, value: unknown): Config {
  const [group = '', inner] = name.split('.')
  return { [inner === undefined ? name : group]: inner === undefined ? value : { [inner]: value } }
}

/** The settings that the broker has under the same name. */
const passed = rows.filter(
  ({ name }) => Object.hasOwn(resolveOptions({}), name) || /^(?:limits|rates)\./.test(name),
)

describe('the tables of settings', () => {
  it('list every setting once', () => {
    const groups = {
      listen: listenerRules,
      limits: limitRules,
      rates: rateRules,
      monitor: { port: 0, host: 0 },
    }
    const expected = Object.keys(configRules).flatMap((name) =>
      Object.hasOwn(groups, name)
        ? Object.keys(groups[name as never]).map((inner) => `${name}.${inner}`)
        : [name],
    )
    expect(rows.map(({ name }) => name).sort()).toEqual(expected.sort())
  })

  it.each(passed)(
    '$name is passed to the broker, and its default is true',
    ({ name, example, default: fallback }) => {
      const config = settingsWith(name, example)
      expect(configFaults(config)).toEqual([])
      const valueOf = (options: object): unknown =>
        name
          .split('.')
          .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], options)
      expect(valueOf(resolveOptions(toBrokerOptions(config)))).toEqual(example)
      expect(valueOf(resolveOptions(toBrokerOptions({})))).toEqual(fallback)
      expect(example).not.toEqual(fallback)
    },
  )
})

describe('the settings of the command', () => {
  let folder: string
  let certificates: Certificates
  let command: TestCommand
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-settings-'))
    certificates = await makeCertificates({ clients: ['ann'] })
  })
  afterEach(async () => {
    if (command.printed.length === 0) return
    command.signal('SIGTERM')
    await command.line(/closed/)
  })
  afterAll(async () => {
    await certificates.remove()
    await rm(folder, { recursive: true })
  })

  /** Starts the broker with settings and returns the URL that it prints. */
  async function start(config: object, listener: object = { port: 0 }): Promise<URL> {
    command = testCommand()
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify({ listen: [{ protocol: 'tcp', ...listener }], ...config }))
    expect([await command.run('--config', file), command.errors]).toEqual([0, []])
    return new URL(/(\w+(?:\+unix)?:\S+?)"?\}?$/.exec(await command.line(/listening on/))?.[1] ?? '')
  }
  const connectPacket = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: true,
    keepalive: 0,
    clientId: 'a',
  }
  /** Connects a client and returns its CONNACK. */
  async function connack(client: RawClient, connect: AnyPacket = {}): Promise<AnyPacket> {
    client.send({ ...connectPacket, ...connect })
    return client.next('connack')
  }
  const dial = (url: URL): Promise<RawClient> => dialTcp(Number(url.port), 5)
  const secret = { username: 'ann', password: Buffer.from('secret') }
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const tls = (): object => ({
    ...{ port: 0, cert: certificates.server.certFile, key: certificates.server.keyFile },
  })
  /** Opens a TLS connection and sends CONNECT. */
  function dialTls(url: URL, identity: object): RawClient {
    const { port } = url
    const options = { port: Number(port), host: '127.0.0.1', servername: 'localhost', ca: certificates.ca }
    const socket = connectTls({ ...options, ...identity })
    socket.on('error', () => undefined)
    const raw = rawClientOver(5, {
      write: (bytes) => void socket.write(bytes),
      onData: (listener) => void socket.on('data', listener),
      onClose: (listener) => void socket.on('close', listener),
      cut: () => socket.destroy(),
    })
    raw.send(connectPacket)
    return raw
  }
  /** Whether a client over TLS gets a CONNACK that admits it. */
  async function isAdmitted(url: URL, identity: object): Promise<boolean> {
    const raw = dialTls(url, identity)
    const isOpen = await raw.next('connack').then(
      ({ reasonCode }) => reasonCode === 0,
      () => false,
    )
    raw.cut()
    return isOpen
  }
  /** Returns the status of a WebSocket handshake. */
  async function webSocketStatus(url: URL, path: string, origin: string): Promise<number> {
    const socket = connectTcp(Number(url.port), '127.0.0.1')
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: ${origin}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
    )
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return Number(bytes.toString().split(' ')[1])
  }
  const client = (): { cert: string; key: string } => certificates.clients['ann'] as never

  /** What shows that a setting of the command has its effect, by its name in the table. */
  const drivers: Readonly<Record<string, () => Promise<unknown>>> = {
    'listen.protocol': async () =>
      expect((await start({}, { protocol: 'ws', port: 0 })).protocol).toBe('ws:'),
    'listen.port': async () => {
      const { port } = await start({})
      command.signal('SIGTERM')
      await command.line(/closed/)
      expect((await start({}, { port: Number(port) })).port).toBe(port)
    },
    'listen.host': async () => {
      const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
        addresses?.some(({ address }) => address === '::1'),
      )
      const host = hasIPv6 ? '::1' : '127.0.0.1'
      expect((await start({}, { port: 0, host })).hostname.replace(/[[\]]/g, '')).toBe(host)
    },
    'listen.socketPath': async () => {
      await start({}, { socketPath: join(folder, 's.sock') })
      const socket = connectTcp(join(folder, 's.sock'))
      await once(socket, 'connect')
      socket.destroy()
    },
    'listen.path': async () => {
      const url = await start({}, { protocol: 'ws', port: 0, path: '/mqtt' })
      expect([await webSocketStatus(url, '/mqtt', 'x'), await webSocketStatus(url, '/', 'x')]).toEqual([
        101, 404,
      ])
    },
    'listen.origins': async () => {
      const url = await start({}, { protocol: 'ws', port: 0, origins: ['https://example.org'] })
      expect([
        await webSocketStatus(url, '/', 'https://example.org'),
        await webSocketStatus(url, '/', 'https://evil.example'),
      ]).toEqual([101, 403])
    },
    'listen.cert': async () =>
      expect(await isAdmitted(await start({}, { protocol: 'tls', ...tls() }), {})).toBe(true),
    'listen.key': async () => expect((await start({}, { protocol: 'wss', ...tls() })).protocol).toBe('wss:'),
    'listen.ca': async () => {
      const url = await start({}, { protocol: 'tls', ...tls(), ca: certificates.caFile })
      expect([await isAdmitted(url, client()), await isAdmitted(url, {})]).toEqual([true, false])
    },
    'listen.crl': async () => {
      const authority = await createAuthority()
      const [good, revoked] = [
        await authority.issue({ commonName: 'g', usage: 'client' }),
        await authority.issue({ commonName: 'r', usage: 'client' }),
      ]
      const crl = [await write('crl.pem', await authority.revocationList([revoked]))]
      const url = await start(
        {},
        { protocol: 'tls', ...tls(), ca: await write('ca.pem', authority.cert), crl },
      )
      expect([await isAdmitted(url, good), await isAdmitted(url, revoked)]).toEqual([true, false])
    },
    'listen.trustedProxies': async () => {
      const url = await start(
        { logLevel: 'info' },
        { port: 0, proxyProtocol: true, trustedProxies: ['127.0.0.1'] },
      )
      const proxied = await dial(url)
      proxied.send(Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 4711 1883\r\n'))
      await connack(proxied)
      expect(await command.line(/connected a/)).toContain('203.0.113.9')
    },
    'listen.proxyProtocol': async () => {
      const url = await start({}, { port: 0, proxyProtocol: true, trustedProxies: ['127.0.0.1'] })
      const direct = await dial(url)
      direct.send(connectPacket)
      expect(await direct.untilClosed()).toEqual([])
    },
    users: async () => {
      const url = await start({ users: { ann: 'secret' } })
      expect([
        (await connack(await dial(url), secret)).reasonCode,
        (await connack(await dial(url))).reasonCode,
      ]).toEqual([0, 0x87])
    },
    passwordFile: async () => {
      const passwordFile = await write(
        'passwords',
        `ann:${formatHash(await hashPassword('secret', cheap))}\n`,
      )
      const url = await start({ passwordFile })
      expect([
        (await connack(await dial(url), secret)).reasonCode,
        (await connack(await dial(url))).reasonCode,
      ]).toEqual([0, 0x87])
    },
    aclFile: async () => {
      const raw = await dial(await start({ aclFile: await write('acl', 'topic read a\n') }))
      await connack(raw)
      expect([...(await raw.subscribe('a', { qos: 0 })), ...(await raw.subscribe('b'))]).toEqual([0, 0x87])
    },
    allowAnonymous: async () => {
      const url = await start({ users: { ann: 'secret' }, allowAnonymous: true })
      expect((await connack(await dial(url))).reasonCode).toBe(0)
    },
    certificateUser: async () => {
      const aclFile = await write('acl', 'user ann\ntopic a\n')
      const listener = { protocol: 'tls', ...tls(), ca: certificates.caFile }
      const raw = dialTls(await start({ certificateUser: true, aclFile }, listener), client())
      await raw.next('connack')
      expect(await raw.subscribe('a', { qos: 0 })).toEqual([0])
      raw.cut()
    },
    responseInformation: async () => {
      const url = await start({ responseInformation: 'responses/' })
      const properties = { requestResponseInformation: true }
      expect((await connack(await dial(url), { properties })).properties).toMatchObject({
        responseInformation: 'responses/',
      })
    },
    data: async () => {
      const session = { clean: false, properties: { sessionExpiryInterval: 60 } }
      const present = async (): Promise<unknown> => {
        const raw = await dial(await start({ data: join(folder, 'data') }))
        const { sessionPresent } = await connack(raw, session)
        await raw.subscribe('t')
        command.signal('SIGTERM')
        await command.line(/closed/)
        return sessionPresent
      }
      expect([await present(), await present()]).toEqual([false, true])
    },
    logLevel: async () => {
      const raw = await dial(await start({ logLevel: 'info' }))
      await connack(raw)
      expect(await command.line(/ info connected a /)).toContain('MQTT 5')
    },
    logFormat: async () => {
      await start({ logFormat: 'json' })
      expect(JSON.parse(command.printed[0] ?? '')).toMatchObject({ type: 'notice', level: 'info' })
    },
    'monitor.port': async () => {
      await start({ monitor: { port: 0 } })
      const url = (await command.line(/monitoring on/)).replace('monitoring on ', '')
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
    },
    'monitor.host': async () => {
      await start({ monitor: { port: 0, host: '0.0.0.0' } })
      expect(await command.line(/monitoring on/)).toContain('http://0.0.0.0:')
    },
    sysPeriod: async () => {
      // No second message in the time of the test.
      const raw = await dial(await start({ sysPeriod: 3_600_000 }))
      await connack(raw)
      await raw.subscribe('$SYS/broker/uptime', { qos: 0 })
      // It may be published only now, and is then not a retained message for this subscription.
      await raw.next('publish')
      await raw.subscribe('$SYS/broker/uptime', { qos: 0 })
      expect(await raw.next('publish')).toMatchObject({ retain: true })
    },
  }

  it('are all driven by a test', () => {
    command = testCommand()
    const own = rows.map(({ name }) => name).filter((name) => !passed.some((row) => row.name === name))
    expect(own.sort()).toEqual(Object.keys(drivers).sort())
  })

  it.each(Object.keys(drivers))('%s has its effect', async (name) => {
    await drivers[name]?.()
  })

  it('that CONNACK shows are those of the file', async () => {
    const limits = {
      receiveMaximum: 100,
      packetSize: 65_536,
      topicAliases: 0,
      keepAlive: 120,
      sessionExpiryInterval: 60,
    }
    const features = {
      maximumQoS: 1,
      retainAvailable: false,
      wildcardSubscriptions: false,
      sharedSubscriptions: false,
    }
    const raw = await dial(await start({ limits, ...features }))
    const { properties } = await connack(raw, { properties: { sessionExpiryInterval: 1_000 } })
    expect(properties).toMatchObject({
      ...{ receiveMaximum: 100, maximumPacketSize: 65_536, serverKeepAlive: 120, sessionExpiryInterval: 60 },
      ...{ maximumQoS: 1, retainAvailable: false },
      ...{ wildcardSubscriptionAvailable: false, sharedSubscriptionAvailable: false },
    })
  })
})
