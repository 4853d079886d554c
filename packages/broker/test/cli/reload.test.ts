import { chmod } from 'node:fs/promises'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { createAuthority } from '@antiphon/workshop/certificates'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { PasswordChecks } from '../../src/access/password-checks.js'
import { formatHash, hashPassword } from '../../src/access/password-hash.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import { untilClosed } from '../listen/until-closed.js'
import { hex } from '../world.js'
import type { AnyPacket } from '../world.js'
import { testCommand } from './command-host.js'
import { connectClient, publish, useCommand, userLine } from './running-command.js'

const running = useCommand()

describe('users', () => {
  it('admits the users of a password file only, and others if anonymous clients are allowed', async () => {
    const passwordFile = await running.write('passwords', await userLine('me', 'secret'))
    const port = await running.start({ passwordFile, users: { you: 'plain' } })
    const code = async (connect: AnyPacket, on = port): Promise<number | undefined> =>
      (await connectClient(on, { clientId: 'a', ...connect }))[1]
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
    const aclFile = await running.write(
      'acl',
      'topic read public/#\nuser me\ntopic home/#\npattern device/%c\n',
    )
    const port = await running.start({ aclFile })
    const [anonymous] = await connectClient(port, { clientId: 'a', username: 'me' })
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
    const aclFile = await running.write('acl', 'topic a/#\ntopic subscribe #\n')
    const port = await running.start({ aclFile })
    const [reader] = await connectClient(port, { clientId: 'reader' })
    expect([
      ...(await reader.subscribe('a/#', { qos: 0 })),
      ...(await reader.subscribe('#', { qos: 0 })),
    ]).toEqual([0, 0])
    const [writer] = await connectClient(port, { clientId: 'writer' })
    await publish(writer, 'a/1')
    expect((await reader.receiveAll()).map(({ topic }) => topic)).toEqual(['a/1'])
    await running.write('acl', 'topic write #\ntopic read b\n')
    running.command.signal('SIGHUP')
    await running.command.line(/reloaded/)
    for (const topic of ['a/1', 'b']) await publish(writer, topic)
    expect((await reader.receiveAll()).map(({ topic }) => topic)).toEqual(['b'])
    expect(await reader.subscribe('a/#')).toEqual([0x87])
  })

  it('follows changed users and rules on SIGHUP; clients stay connected, except those of removed users', async () => {
    const both = (await userLine('me', 'secret')) + (await userLine('gone', 'secret'))
    const passwordFile = await running.write('passwords', both)
    const aclFile = await running.write('acl', 'user me\ntopic a\n')
    const port = await running.start({ passwordFile, aclFile, users: { fixed: 'x' } })
    const as = (username: string, clientId = username): Promise<[RawClient, number | undefined, AnyPacket]> =>
      connectClient(port, {
        clientId,
        username,
        password: Buffer.from(username === 'fixed' ? 'x' : 'secret'),
      })
    const [[me], [gone], [fixed]] = [await as('me'), await as('gone'), await as('fixed')]
    expect([await publish(me, 'a'), await publish(me, 'b')]).toEqual([0x10, 0x87])
    await running.write('passwords', await userLine('me', 'changed'))
    await running.write('acl', 'user me\ntopic b\n')
    running.command.signal('SIGHUP')
    await running.command.line(/reloaded/)
    expect([await publish(me, 'a'), await publish(me, 'b')]).toEqual([0x87, 0x10])
    await gone.expectDisconnected(0x87)
    await fixed.expectQuiet()
    expect([(await as('gone'))[1], (await as('me', 'again'))[1]]).toEqual([0x87, 0x87])
  })

  it('warns at the start and at each reload while others can read the password file', async () => {
    const passwordFile = await running.write('passwords', await userLine('me', 'secret'))
    await chmod(passwordFile, 0o640)
    await running.start({ passwordFile })
    running.command.signal('SIGHUP')
    const warnings = running.command.printed.filter((line) => line.includes(' warn '))
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toContain('other users of this machine can read it; run chmod 600')
  })

  it('changes nothing if a file has a fault, and says which', async () => {
    const aclFile = await running.write('acl', 'topic a\n')
    const port = await running.start({ aclFile })
    const [client] = await connectClient(port, { clientId: 'a' })
    await running.write('acl', 'topic b\nnonsense\n')
    running.command.signal('SIGHUP')
    expect(await running.command.line(/cannot reload/)).toMatch(
      / error cannot reload: .*acl:2: 'nonsense' is not known/,
    )
    expect([await publish(client, 'a'), await publish(client, 'b')]).toEqual([0x10, 0x87])
    expect(running.command.printed).not.toContain('reloaded')
  })

  it('refuses a user that was removed while the password was checked', async () => {
    const passwordFile = await running.write('passwords', `me:${formatHash(await hashPassword('secret'))}\n`)
    const port = await running.start({ passwordFile })
    const client = await dialTcp(port, 5)
    await running.write('passwords', '')
    const check = vi.spyOn(PasswordChecks.prototype, 'check')
    onTestFinished(() => check.mockRestore())
    const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0 }
    client.send({ ...connect, clientId: 'a', username: 'me', password: Buffer.from('secret') })
    // In the turn of the event loop in which the check begins, it cannot end.
    while (check.mock.calls.length === 0) await new Promise(setImmediate)
    running.command.signal('SIGHUP')
    expect((await client.next('connack')).reasonCode).toBe(0x87)
  })

  it('presents a new certificate, and refuses revoked clients, to new connections', async () => {
    const authority = await createAuthority()
    const issue = (): ReturnType<typeof authority.issue> =>
      authority.issue({ commonName: 'broker', usage: 'server', hosts: ['localhost'] })
    const [first, second] = [await issue(), await issue()]
    const user = await authority.issue({ commonName: 'ann', usage: 'client' })
    const nameless = await authority.issue({ commonName: '', usage: 'client' })
    const ca = await running.write('ca.pem', authority.cert)
    const cert = await running.write('cert.pem', first.cert)
    const key = await running.write('key.pem', first.key)
    const crl = [await running.write('crl.pem', await authority.revocationList([]))]
    const aclFile = await running.write('acl', 'user ann\ntopic read a\n')
    const port = await running.start({
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

    await running.write('cert.pem', second.cert)
    await running.write('key.pem', second.key)
    await running.write('crl.pem', await authority.revocationList([user]))
    running.command.signal('SIGHUP')
    await running.command.line(/reloaded/)
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
