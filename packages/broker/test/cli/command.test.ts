import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '@antiphon/workshop/certificates'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatHash, hashPassword } from '../../src/access/password-hash.js'
import { cheap } from '../access/cheap-cost.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import { publishBytes } from '../conformance/bytes.js'
import { hex } from '../world.js'
import { untilClosed } from '../listen/until-closed.js'
import type { AnyPacket } from '../world.js'
import { testCommand } from './command-host.js'
import type { TestCommand } from './command-host.js'

let folder: string
let command: TestCommand
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-command-'))
  command = testCommand()
})
afterEach(async () => {
  if (command.printed.some((line) => line.includes('listening on'))) {
    if (!command.printed.some((line) => line.includes('draining'))) command.signal('SIGTERM')
    await command.line(/closed/)
  }
  await rm(folder, { recursive: true })
})

const at = (name: string): string => join(folder, name)
const write = async (name: string, text: string): Promise<string> => {
  await writeFile(at(name), text, { mode: 0o600 })
  return at(name)
}
const userLine = async (user: string, password: string): Promise<string> =>
  `${user}:${formatHash(await hashPassword(password, cheap))}\n`

/** Starts the broker with a config and returns its port. */
async function start(config: object, ...args: readonly string[]): Promise<number> {
  const file = await write(
    'config.json',
    JSON.stringify({ listen: [{ protocol: 'tcp', port: 0 }], ...config }),
  )
  const code = await command.run('--config', file, ...args)
  expect([code, command.errors]).toEqual([0, []])
  return Number(/:(\d+)\W*$/.exec(await command.line(/listening on/))?.[1])
}

/** Connects a client and returns it with the reason code of its CONNACK. */
async function join5(port: number, connect: AnyPacket): Promise<[RawClient, number | undefined, AnyPacket]> {
  const client = await dialTcp(port, 5)
  client.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: true,
    keepalive: 0,
    ...connect,
  })
  const connack = await client.next('connack')
  return [client, connack.reasonCode, connack]
}

/** Publishes at QoS 1 and returns the reason code of the PUBACK. */
async function publish(client: RawClient, topic: string, payload = 'x'): Promise<number | undefined> {
  client.send(publishBytes(5, topic, { flags: 2, id: 7, payload }))
  return (await client.next('puback')).reasonCode
}

describe('the command', () => {
  it('prints help and version', async () => {
    expect([await command.run('--help'), await command.run('--version')]).toEqual([0, 0])
    expect(command.printed[0]).toContain('antiphon-broker: an MQTT 5')
    expect(command.printed[1]).toBe('1.2.3')
  })

  it('reports every fault of the config file, of the command line, or of the files that they name', async () => {
    const config = await write('config.toml', 'dta = "x"\nlogLevel = "x"')
    expect(await command.run('--config', config)).toBe(1)
    expect(command.errors.splice(0)).toEqual([
      `antiphon-broker: ${config}: dta is not known: did you mean data?`,
      `antiphon-broker: ${config}: logLevel is "x": it must be error or warn or info or debug`,
    ])
    expect(await command.run('--allow-anonymous')).toBe(1)
    expect(command.errors.splice(0)).toEqual([
      expect.stringContaining('allowAnonymous is true: it needs users'),
    ])
    const [passwords, acl] = [await write('passwords', 'x\n'), await write('acl', 'topic a\nx\n')]
    for (const check of [[], ['--check-config']]) {
      expect(await command.run('--password-file', passwords, '--acl-file', acl, ...check)).toBe(1)
      expect(command.errors.splice(0)).toEqual([
        `antiphon-broker: ${passwords}:1: the line has no user: it must be <user>:<hash>; use antiphon-broker passwd`,
        `antiphon-broker: ${acl}:2: 'x' is not known: use user, topic, pattern`,
      ])
    }
    expect(await command.run('--acl-file', at('absent'), '--check-config')).toBe(1)
    expect(command.errors.splice(0)).toEqual([expect.stringContaining(`${at('absent')}: ENOENT`)])
    const bad = await write('bad.pem', 'no certificate')
    expect(await command.run('--tls', '0', '--cert', bad, '--key', bad, '--check-config')).toBe(1)
    expect(command.errors.splice(0)).toEqual([expect.stringContaining(`antiphon-broker: ${bad}: `)])
  })

  it('checks settings without starting, and warns of a password file that others can read', async () => {
    const passwords = await write('passwords', await userLine('me', 'secret'))
    await chmod(passwords, 0o644)
    expect(await command.run('--password-file', passwords, '--check-config')).toBe(0)
    expect(command.printed).toEqual([
      `warning: ${passwords}: other users of this machine can read it; run chmod 600`,
      'the settings and the files that they name are valid',
    ])
  })

  it('overrides the config file by the command line', async () => {
    const port = await start(
      { users: { a: 'x' }, limits: { keepAlive: 10, receiveMaximum: 5 } },
      '--user',
      'b:y',
      '--max-packet',
      '5000',
    )
    const [, code, connack] = await join5(port, { clientId: '1', username: 'b', password: Buffer.from('y') })
    expect([code, connack.properties]).toEqual([
      0,
      expect.objectContaining({ serverKeepAlive: 10, receiveMaximum: 5, maximumPacketSize: 5_000 }),
    ])
    expect((await join5(port, { clientId: '2', username: 'a', password: Buffer.from('x') }))[1]).toBe(0)
  })

  it('closes its other listeners if one cannot listen', async () => {
    const busy = testCommand()
    const port = await start({})
    expect(await busy.run('--port', '0', '--ws', String(port))).toBe(1)
    expect(busy.errors).toEqual([expect.stringContaining('EADDRINUSE')])
    const first = /:(\d+)$/.exec(await busy.line(/listening on mqtt/))?.[1]
    const socket = connectTcp(Number(first), '127.0.0.1')
    await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED')
  })

  it('drains on SIGINT, and exits at once on the second', async () => {
    await start({})
    command.signal('SIGINT')
    command.signal('SIGHUP')
    command.signal('SIGINT')
    await command.line(/closed/)
    expect([command.exits, command.printed.slice(1)]).toEqual([[1], ['draining', 'closed']])
  })

  it('sends the Response Information to clients that request it', async () => {
    const port = await start({ responseInformation: 'responses/' })
    const [, , connack] = await join5(port, {
      clientId: 'a',
      properties: { requestResponseInformation: true },
    })
    expect(connack.properties).toMatchObject({ responseInformation: 'responses/' })
  })

  it('logs from a level', async () => {
    const port = await start({ users: { a: 'x' }, logLevel: 'info', logFormat: 'json' })
    await join5(port, { clientId: 'c', username: 'a', password: Buffer.from('wrong') })
    expect(JSON.parse(await command.line(/refused/))).toMatchObject({
      level: 'warn',
      clientId: 'c',
      reasonCode: 0x87,
    })
    const [client] = await join5(port, { clientId: 'c', username: 'a', password: Buffer.from('x') })
    expect(JSON.parse(await command.line(/"connected"/))).toMatchObject({
      level: 'info',
      client: { clientId: 'c' },
    })
    await client.subscribe('t')
    expect(command.printed.filter((line) => line.includes('subscribed'))).toEqual([])
  })
})

describe('users', () => {
  it('admits the users of a password file only, and others if anonymous clients are allowed', async () => {
    const passwordFile = await write('passwords', await userLine('me', 'secret'))
    const port = await start({ passwordFile, users: { you: 'plain' } })
    const code = async (connect: AnyPacket, on = port): Promise<number | undefined> =>
      (await join5(on, { clientId: 'a', ...connect }))[1]
    const me = (password: string): AnyPacket => ({ username: 'me', password: Buffer.from(password) })
    expect([await code(me('secret')), await code(me('secret')), await code(me('wrong'))]).toEqual([
      0, 0, 0x87,
    ])
    expect(await code({ username: 'you', password: Buffer.from('plain') })).toBe(0)
    expect(await code({ username: 'me' })).toBe(0x87)
    expect(await code({})).toBe(0x87)
    expect(await code({ username: 'it', password: Buffer.from('x') })).toBe(0x87)

    const second = testCommand()
    await second.run('--port', '0', '--password-file', passwordFile, '--allow-anonymous')
    const open = Number(/:(\d+)$/.exec(await second.line(/listening/))?.[1])
    expect([await code({}, open), await code(me('wrong'), open)]).toEqual([0, 0x87])
    second.signal('SIGTERM')
    await second.line(/closed/)
  })

  it('allows what the ACL file says to a user that was authenticated, not to a user name that was not', async () => {
    const aclFile = await write('acl', 'topic read public/#\nuser me\ntopic home/#\npattern device/%c\n')
    const port = await start({ aclFile })
    const [anonymous] = await join5(port, { clientId: 'a', username: 'me' })
    expect(await anonymous.subscribe('home/#')).toEqual([0x87])
    expect(await anonymous.subscribe('public/#')).toEqual([2])
    expect([
      await publish(anonymous, 'home/1'),
      await publish(anonymous, 'device/a'),
      await publish(anonymous, 'device/b'),
    ]).toEqual([0x87, 0x10, 0x87])
  })
})

describe('reload', () => {
  it('stops delivering to standing subscriptions whose right was taken, and delivers what is allowed', async () => {
    const aclFile = await write('acl', 'topic a/#\ntopic subscribe #\n')
    const port = await start({ aclFile })
    const [reader] = await join5(port, { clientId: 'reader' })
    expect([
      ...(await reader.subscribe('a/#', { qos: 0 })),
      ...(await reader.subscribe('#', { qos: 0 })),
    ]).toEqual([0, 0])
    const [writer] = await join5(port, { clientId: 'writer' })
    await publish(writer, 'a/1')
    expect((await reader.receiveAll()).map(({ topic }) => topic)).toEqual(['a/1'])
    await write('acl', 'topic write #\ntopic read b\n')
    command.signal('SIGHUP')
    await command.line(/reloaded/)
    for (const topic of ['a/1', 'b']) await publish(writer, topic)
    expect((await reader.receiveAll()).map(({ topic }) => topic)).toEqual(['b'])
    expect(await reader.subscribe('a/#')).toEqual([0x87])
  })

  it('follows changed users and rules on SIGHUP; clients stay connected, except those of removed users', async () => {
    const both = (await userLine('me', 'secret')) + (await userLine('gone', 'secret'))
    const passwordFile = await write('passwords', both)
    const aclFile = await write('acl', 'user me\ntopic a\n')
    const port = await start({ passwordFile, aclFile, users: { fixed: 'x' } })
    const as = (username: string, clientId = username): Promise<[RawClient, number | undefined, AnyPacket]> =>
      join5(port, { clientId, username, password: Buffer.from(username === 'fixed' ? 'x' : 'secret') })
    const [[me], [gone], [fixed]] = [await as('me'), await as('gone'), await as('fixed')]
    expect([await publish(me, 'a'), await publish(me, 'b')]).toEqual([0x10, 0x87])
    await write('passwords', await userLine('me', 'changed'))
    await write('acl', 'user me\ntopic b\n')
    command.signal('SIGHUP')
    await command.line(/reloaded/)
    expect([await publish(me, 'a'), await publish(me, 'b')]).toEqual([0x87, 0x10])
    await gone.expectDisconnected(0x87)
    await fixed.expectQuiet()
    expect([(await as('gone'))[1], (await as('me', 'again'))[1]]).toEqual([0x87, 0x87])
  })

  it('changes nothing if a file has a fault, and says which', async () => {
    const aclFile = await write('acl', 'topic a\n')
    const port = await start({ aclFile })
    const [client] = await join5(port, { clientId: 'a' })
    await write('acl', 'topic b\nnonsense\n')
    command.signal('SIGHUP')
    expect(await command.line(/cannot reload/)).toMatch(
      / error cannot reload: .*acl:2: 'nonsense' is not known/,
    )
    expect([await publish(client, 'a'), await publish(client, 'b')]).toEqual([0x10, 0x87])
    expect(command.printed).not.toContain('reloaded')
  })

  it('refuses a user that was removed while the password was checked', async () => {
    const passwordFile = await write('passwords', `me:${formatHash(await hashPassword('secret'))}\n`)
    const port = await start({ passwordFile })
    const client = await dialTcp(port, 5)
    const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0 }
    client.send({ ...connect, clientId: 'a', username: 'me', password: Buffer.from('secret') })
    await command.line(/listening/)
    await write('passwords', '')
    command.signal('SIGHUP')
    expect((await client.next('connack')).reasonCode).toBe(0x87)
  })

  it('presents a new certificate, and refuses revoked clients, to new connections', async () => {
    const authority = await createAuthority()
    const issue = (): ReturnType<typeof authority.issue> =>
      authority.issue({ commonName: 'broker', usage: 'server', hosts: ['localhost'] })
    const [first, second] = [await issue(), await issue()]
    const user = await authority.issue({ commonName: 'ann', usage: 'client' })
    const nameless = await authority.issue({ commonName: '', usage: 'client' })
    const ca = await write('ca.pem', authority.cert)
    const cert = await write('cert.pem', first.cert)
    const key = await write('key.pem', first.key)
    const crl = [await write('crl.pem', await authority.revocationList([]))]
    const aclFile = await write('acl', 'user ann\ntopic read a\n')
    const port = await start({
      aclFile,
      certificateUser: true,
      listen: [{ protocol: 'tls', port: 0, cert, key, ca, crl }],
    })
    const dial = (identity: { cert: string; key: string }): ReturnType<typeof connectTls> => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: authority.cert,
        ...identity,
      })
      socket.on('error', () => undefined)
      socket.write(hex('10 0e 00044d515454 05 02 0000 00 0001 61'))
      return socket
    }
    const received = async (socket: ReturnType<typeof connectTls>): Promise<string> => {
      const [event] = await Promise.race([
        new Promise<[string]>((resolve) =>
          socket.once('data', (bytes: Buffer) => resolve([`connack ${bytes[3]?.toString(16)}`])),
        ),
        untilClosed(socket).then(() => ['closed']),
      ])
      return event ?? ''
    }
    const standing = dial(user)
    expect(await received(standing)).toBe('connack 0')
    const before = standing.getPeerCertificate().fingerprint256
    expect(await received(dial(nameless))).toBe('connack 87')
    standing.write(hex('82 07 0001 00 0001 61 00'))
    const [suback] = (await once(standing, 'data')) as [Buffer]
    expect(suback.toString('hex')).toBe('90040001' + '0000')

    await write('cert.pem', second.cert)
    await write('key.pem', second.key)
    await write('crl.pem', await authority.revocationList([user]))
    command.signal('SIGHUP')
    await command.line(/reloaded/)
    standing.write(hex('c0 00'))
    expect(((await once(standing, 'data')) as [Buffer])[0].toString('hex')).toBe('d000')
    const other = await authority.issue({ commonName: 'bob', usage: 'client' })
    const fresh = dial(other)
    expect(await received(fresh)).toBe('connack 0')
    expect(fresh.getPeerCertificate().fingerprint256).not.toBe(before)
    expect(await received(dial(user))).toBe('closed')
    standing.destroy()
    fresh.destroy()
  })
})

describe('monitoring', () => {
  it('serves metrics and readiness, and publishes $SYS, if the settings say so', async () => {
    const port = await start({ monitor: { port: 0 }, sysPeriod: 1_000 })
    const url = (await command.line(/monitoring on/)).replace('monitoring on ', '')
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('antiphon_broker_clients 0\n')
    const [client] = await join5(port, { clientId: 'a' })
    await client.subscribe('$SYS/broker/version', { qos: 0 })
    expect(await client.next('publish')).toMatchObject({
      payload: Buffer.from('antiphon 1.2.3'),
      retain: true,
    })
  })
})
