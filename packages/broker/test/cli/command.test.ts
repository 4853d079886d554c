import { chmod } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { testCommand } from './command-host.js'
import { connectClient, useCommand, userLine } from './running-command.js'

const running = useCommand()

describe('the command', () => {
  it('prints help and version', async () => {
    expect([await running.command.run('--help'), await running.command.run('--version')]).toEqual([0, 0])
    expect(running.command.printed[0]).toContain('antiphon-broker: an MQTT 5')
    expect(running.command.printed[1]).toBe('1.2.3')
  })

  it('reports every fault of the config file, of the command line, or of the files that they name', async () => {
    const config = await running.write('config.toml', 'dta = "x"\nlogLevel = "x"')
    expect(await running.command.run('--config', config)).toBe(1)
    expect(running.command.errors.splice(0)).toEqual([
      `antiphon-broker: ${config}: dta is not known: did you mean data?`,
      `antiphon-broker: ${config}: logLevel is "x": it must be error or warn or info or debug`,
    ])
    expect(await running.command.run('--allow-anonymous')).toBe(1)
    expect(running.command.errors.splice(0)).toEqual([
      expect.stringContaining('allowAnonymous is true: it needs users'),
    ])
    const [passwords, acl] = [
      await running.write('passwords', 'x\n'),
      await running.write('acl', 'topic a\nx\n'),
    ]
    for (const check of [[], ['--check-config']]) {
      expect(await running.command.run('--password-file', passwords, '--acl-file', acl, ...check)).toBe(1)
      expect(running.command.errors.splice(0)).toEqual([
        `antiphon-broker: ${passwords}:1: the line has no user: it must be <user>:<hash>; use antiphon-broker passwd`,
        `antiphon-broker: ${acl}:2: 'x' is not known: use user, topic, pattern`,
      ])
    }
    expect(await running.command.run('--acl-file', running.at('absent'), '--check-config')).toBe(1)
    expect(running.command.errors.splice(0)).toEqual([
      expect.stringContaining(`${running.at('absent')}: ENOENT`),
    ])
    const bad = await running.write('bad.pem', 'no certificate')
    expect(await running.command.run('--tls', '0', '--cert', bad, '--key', bad, '--check-config')).toBe(1)
    expect(running.command.errors.splice(0)).toEqual([expect.stringContaining(`antiphon-broker: ${bad}: `)])
  })

  it('checks settings without starting, and warns of a password file that others can read', async () => {
    const passwords = await running.write('passwords', await userLine('me', 'secret'))
    await chmod(passwords, 0o644)
    expect(await running.command.run('--password-file', passwords, '--check-config')).toBe(0)
    expect(running.command.printed).toEqual([
      `warning: ${passwords}: other users of this machine can read it; run chmod 600`,
      'the settings and the files that they name are valid',
    ])
  })

  it('overrides the config file by the command line', async () => {
    const port = await running.start(
      { users: { a: 'x' }, limits: { keepAlive: 10, receiveMaximum: 5 } },
      '--user',
      'b:y',
      '--max-packet',
      '5000',
    )
    const [, code, connack] = await connectClient(port, {
      clientId: '1',
      username: 'b',
      password: Buffer.from('y'),
    })
    expect([code, connack.properties]).toEqual([
      0,
      expect.objectContaining({ serverKeepAlive: 10, receiveMaximum: 5, maximumPacketSize: 5_000 }),
    ])
    expect((await connectClient(port, { clientId: '2', username: 'a', password: Buffer.from('x') }))[1]).toBe(
      0,
    )
  })

  it('closes its other listeners if one cannot listen', async () => {
    const busy = testCommand()
    const port = await running.start({})
    expect(await busy.run('--port', '0', '--ws', String(port))).toBe(1)
    expect(busy.errors).toEqual([expect.stringContaining('EADDRINUSE')])
    const first = /:(\d+)$/.exec(await busy.line(/listening on mqtt/))?.[1]
    const socket = connectTcp(Number(first), '127.0.0.1')
    await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED')
  })

  it('drains on SIGINT, and exits at once on the second', async () => {
    await running.start({})
    running.command.signal('SIGINT')
    running.command.signal('SIGHUP')
    running.command.signal('SIGINT')
    await running.command.line(/closed/)
    expect([running.command.exits, running.command.printed.slice(1)]).toEqual([[1], ['draining', 'closed']])
  })

  it('sends the Response Information to clients that request it', async () => {
    const port = await running.start({ responseInformation: 'responses/' })
    const [, , connack] = await connectClient(port, {
      clientId: 'a',
      properties: { requestResponseInformation: true },
    })
    expect(connack.properties).toMatchObject({ responseInformation: 'responses/' })
  })

  it('logs from a level', async () => {
    const port = await running.start({ users: { a: 'x' }, logLevel: 'info', logFormat: 'json' })
    await connectClient(port, { clientId: 'c', username: 'a', password: Buffer.from('wrong') })
    expect(JSON.parse(await running.command.line(/refused/))).toMatchObject({
      level: 'warn',
      clientId: 'c',
      reasonCode: 0x87,
    })
    const [client] = await connectClient(port, { clientId: 'c', username: 'a', password: Buffer.from('x') })
    expect(JSON.parse(await running.command.line(/"connected"/))).toMatchObject({
      level: 'info',
      client: { clientId: 'c' },
    })
    await client.subscribe('t')
    expect(running.command.printed.filter((line) => line.includes('subscribed'))).toEqual([])
  })
})

describe('monitoring', () => {
  it('serves metrics and readiness, and publishes $SYS, if the settings say so', async () => {
    const port = await running.start({ monitor: { port: 0 }, sysPeriod: 1_000 })
    const url = (await running.command.line(/monitoring on/)).replace('monitoring on ', '')
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('antiphon_broker_clients 0\n')
    const [client] = await connectClient(port, { clientId: 'a' })
    await client.subscribe('$SYS/broker/version', { qos: 0 })
    expect(await client.next('publish')).toMatchObject({
      payload: Buffer.from('antiphon 1.2.3'),
      retain: true,
    })
  })
})
