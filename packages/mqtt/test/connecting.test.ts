import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AntiphonError, LinkState } from '@antiphon/core'
import { connect, mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { describeForeign, makeCertificates, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IConnectPacket } from 'mqtt-packet'
import { filter, firstValueFrom, of, throwError, timer } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from './conversation.js'
import { startProxy } from './proxy.js'

const run = promisify(execFile)

describeForeign(['mosquitto'], 'connecting', () => {
  let broker: Mosquitto
  beforeEach(async () => {
    broker = await startMosquitto({ websockets: true })
  })
  afterEach(() => broker.stop())

  /** The CONNECT packets of several connections of one transport, one after the other. */
  const connects = async (options: MqttOptions, count: number): Promise<readonly IConnectPacket[]> => {
    const proxy = await startProxy(broker.port, options.protocolVersion)
    const transport = mqttTransport(proxy.url, options)
    for (let done = 0; done < count; done += 1) {
      const { ended } = await converse(transport)
      proxy.cut()
      await ended
    }
    await proxy.stop()
    return proxy.sent.filter((packet): packet is IConnectPacket => packet.cmd === 'connect')
  }

  it('begins a session and resumes it later, on MQTT 5', async () => {
    const packets = await connects({}, 3)
    expect(packets.map(({ clean }) => clean)).toEqual([true, false, false])
    expect(new Set(packets.map(({ clientId }) => clientId)).size).toBe(1)
    expect(packets[0]?.clientId).toMatch(/^antiphon[0-9a-f]{15}$/)
    expect(packets[0]?.properties).toEqual({ sessionExpiryInterval: 300, requestResponseInformation: true })
  })

  it('begins a session with every connection where told, and on 3.1.1', async () => {
    expect(
      (await connects({ clean: true }, 2)).map(({ clean, properties }) => [
        clean,
        properties?.sessionExpiryInterval,
      ]),
    ).toEqual([
      [true, 0],
      [true, 0],
    ])
    expect((await connects({ protocolVersion: 4 }, 2)).map(({ clean }) => clean)).toEqual([true, true])
  })

  it('resumes from the first where told, on either version', async () => {
    const options = { clean: false, clientId: 'mine' } as const
    expect((await connects(options, 2)).map(({ clean }) => clean)).toEqual([false, false])
    const old = await connects({ ...options, protocolVersion: 4 }, 2)
    expect(old.map(({ clean, clientId }) => [clean, clientId])).toEqual([
      [false, 'mine'],
      [false, 'mine'],
    ])
  })

  it('keeps the name the broker chose', async () => {
    const [first, second] = await connects({ clientId: '' }, 2)
    expect(first?.clientId).toBe('')
    expect(second?.clientId).not.toBe('')
    expect(second?.clean).toBe(false)
  })

  it.each<[keeps: boolean, options: MqttOptions]>([
    [false, { clientId: 'x' }],
    [true, { clientId: 'x', clean: false }],
    [true, { clientId: 'x', properties: { sessionExpiryInterval: 60 } }],
  ])('leaves a session at the broker after its farewell: %s, with %o', async (keeps, options) => {
    const transport = mqttTransport(broker.url, options)
    await converse(transport)
    await subscribe(transport, asking('a'))
    await disconnect(transport)
    const again = mqttTransport(broker.url, { clientId: 'x', clean: false })
    expect((await converse(again)).grant.sessionPresent).toBe(keeps)
    await disconnect(again)
  })

  it('says everything that CONNECT can say', async () => {
    const [packet] = await connects(
      {
        clientId: 'me',
        keepalive: 30,
        username: 'user',
        password: new Uint8Array([1, 255]),
        will: {
          topic: 'gone',
          payload: new Uint8Array([0, 255]),
          qos: 1,
          retain: true,
          willDelayInterval: 5,
          contentType: 'text/plain',
          correlationData: new Uint8Array([7]),
          userProperties: [['w', '1']],
        },
        properties: {
          sessionExpiryInterval: 10,
          receiveMaximum: 11,
          maximumPacketSize: 12_000,
          topicAliasMaximum: 13,
          requestResponseInformation: false,
          requestProblemInformation: false,
          userProperties: [
            ['a', '1'],
            ['a', '2'],
          ],
        },
      },
      1,
    )
    expect(packet).toMatchObject({
      clientId: 'me',
      keepalive: 30,
      username: 'user',
      password: Buffer.from([1, 255]),
      will: {
        topic: 'gone',
        payload: Buffer.from([0, 255]),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: 5, contentType: 'text/plain', correlationData: Buffer.from([7]) },
      },
      properties: {
        sessionExpiryInterval: 10,
        receiveMaximum: 11,
        maximumPacketSize: 12_000,
        topicAliasMaximum: 13,
        requestResponseInformation: false,
        requestProblemInformation: false,
        userProperties: { a: ['1', '2'] },
      },
    })
  })

  it('the will is sent when the connection breaks, and not after a farewell', async () => {
    const listener = mqttTransport(broker.url)
    const heard = await converse(listener)
    await subscribe(listener, asking('wills'))
    const polite = mqttTransport(broker.url, { will: { topic: 'wills', payload: 'polite' } })
    await converse(polite)
    await disconnect(polite)
    const sudden = mqttTransport(broker.url, { will: { topic: 'wills', payload: 'sudden', qos: 1 } })
    ;(await converse(sudden)).drop()
    expect((await heard.arrived(1)).map(textOf)).toEqual(['sudden'])
    await disconnect(listener)
  })

  it('goes over a WebSocket', async () => {
    const transport = mqttTransport(`${broker.wsUrl}/mqtt?token=1`, {
      wsOptions: { headers: { 'x-token': '1' } },
    })
    const conversation = await converse(transport)
    await subscribe(transport, asking('a', { qos: 2 }))
    // Mosquitto sends no more than 4 KiB in 100 ms over a WebSocket.
    const large = outgoing('a', 'ä'.repeat(5_000), { qos: 2 })
    await Promise.all([publish(transport, outgoing('a', 'small')), publish(transport, large)])
    expect((await conversation.arrived(2)).map((message) => textOf(message).length)).toEqual([5, 5_000])
    await disconnect(transport)
    expect(await conversation.ended).toBe('complete')
  })

  it('tells an address without a broker from a refusal', async () => {
    await broker.kill()
    await expect(converse(mqttTransport(broker.url))).rejects.toMatchObject({
      code: 'connection-lost',
      phase: 'before-network',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    await broker.restart()
  })

  it('gives up on a broker that does not answer in time', async () => {
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    await expect(converse(mqttTransport(broker.url, { connectTimeout: 50 }))).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('connack timeout'),
    })
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })

  it('notices a broker that is silent for longer than the keepalive', async () => {
    const transport = mqttTransport(broker.url, { keepalive: 1 })
    const { ended } = await converse(transport)
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    expect(await ended).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('Keepalive'),
    })
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })

  it('can be given up while connecting, and while credentials are asked for', async () => {
    const transport = mqttTransport(broker.url)
    transport.connect$(1).subscribe().unsubscribe()
    await disconnect(transport)
    let wasAsked = false
    const asked = mqttTransport(broker.url, {
      credentials: () => {
        wasAsked = true
        return new Promise(() => undefined)
      },
    })
    const ended = firstValueFrom(asked.connect$(1), { defaultValue: 'completed' })
    await disconnect(asked)
    expect([wasAsked, await ended]).toEqual([true, 'completed'])
  })

  it('leaves no timer, no socket and no listener behind', async () => {
    const kinds = ['Timeout', 'TCPSocketWrap', 'TCPConnectWrap', 'TLSWrap', 'GetAddrInfoReqWrap']
    const count = (): number => process.getActiveResourcesInfo().filter((name) => kinds.includes(name)).length
    const listeners = (): number =>
      process.eventNames().flatMap((name) => process.listeners(name as 'exit')).length
    const before = [count(), listeners()]
    for (const url of [broker.url, broker.wsUrl ?? '']) {
      for (const farewell of [true, false]) {
        const transport = mqttTransport(url)
        const conversation = await converse(transport)
        await subscribe(transport, asking('a'))
        await publish(transport, outgoing('a', 'x'))
        if (!farewell) conversation.drop()
        await disconnect(transport)
      }
    }
    await until(() => count() <= (before[0] ?? 0))
    expect([count(), listeners()]).toEqual(before)
  })
})

describeForeign(['mosquitto'], 'credentials', () => {
  let folder: string
  let broker: Mosquitto
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-passwords-'))
    const passwords = join(folder, 'passwords')
    await writeFile(passwords, 'first:1\nsecond:2\n')
    await run('mosquitto_passwd', ['-U', passwords])
    broker = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] })
  })
  afterEach(async () => {
    await broker.stop()
    await rm(folder, { recursive: true })
  })

  it('are asked for before every connection, and may come later', async () => {
    const users = ['first', 'second', 'first']
    let asked = 0
    const transport = mqttTransport(broker.url, {
      credentials: () => {
        const username = users[asked++] ?? ''
        const credentials = { username, password: username === 'first' ? '1' : new Uint8Array([0x32]) }
        return (
          [credentials, Promise.resolve(credentials), timer(1).pipe(() => of(credentials))][asked - 1] ??
          credentials
        )
      },
    })
    for (const expected of [1, 2, 3]) {
      const conversation = await converse(transport)
      expect(asked).toBe(expected)
      conversation.drop()
    }
    await disconnect(transport)
    expect(
      broker.log.filter((line) => line.includes("u'")).map((line) => /u'(\w+)'/.exec(line)?.[1]),
    ).toEqual(users)
  })

  it('stand in the URL as well, and never in an error', async () => {
    const url = broker.url.replace('//', '//first:1@')
    const transport = mqttTransport(url)
    await converse(transport)
    await disconnect(transport)
    const wrong = (await converse(mqttTransport(url.replace(':1@', ':secret@'))).catch(
      (error: unknown) => error,
    )) as AntiphonError
    expect(wrong).toMatchObject({ code: 'connection-refused', reasonCode: 0x87 })
    expect(wrong.message).not.toContain('secret')
    expect(wrong.message).toContain('not authorized (0x87)')
  })

  it('that are refused give the return code of 3.1.1', async () => {
    await expect(converse(mqttTransport(broker.url, { protocolVersion: 4 }))).rejects.toMatchObject({
      code: 'connection-refused',
      reasonCode: 5,
      message: expect.stringMatching(/not authorized \(5\): check what the broker allows/),
    })
  })

  it('that cannot be had are asked for again', async () => {
    let asked = 0
    const link = connect(broker.url, {
      reconnect: { initial: 1, maximum: 1 },
      credentials: () => {
        asked += 1
        if (asked === 1) throw new Error('no token')
        if (asked === 2) return throwError(() => new Error('no network'))
        return { username: 'first', password: '1' }
      },
    })
    const states: LinkState[] = []
    link.state$.subscribe((state) => states.push(state))
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    const errors = states.flatMap((state) => (state.status === 'offline' ? [state.error.message] : []))
    expect(errors).toEqual([expect.stringContaining('no token'), expect.stringContaining('no network')])
    await link.close()
  })

  it('that break a rule end the link', async () => {
    const link = connect(broker.url, { credentials: () => ({ username: 'a\0b' }) })
    const closed = await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'closed')))
    expect(closed).toMatchObject({
      error: { code: 'invalid-argument', message: expect.stringContaining('U+0000') },
    })
  })
})

describeForeign(['mosquitto', 'openssl'], 'TLS', () => {
  it('checks the broker, shows a certificate, and does not delay small packets', async () => {
    const certificates = await makeCertificates({ clients: ['device-1'] })
    const { caFile, ca, server, clients } = certificates
    const broker = await startMosquitto({ tls: { caFile, ...server, requireCertificate: true } })
    const { cert, key } = clients['device-1'] ?? server
    const transport = mqttTransport(broker.tlsUrl ?? '', { ca, cert, key })
    await converse(transport)
    expect(await publish(transport, outgoing('a', 'x'))).toEqual({ reasonCode: 0x10 })
    await disconnect(transport)
    expect(broker.log.join()).toContain("u'device-1'")
    await expect(converse(mqttTransport(broker.tlsUrl ?? '', { cert, key }))).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringMatching(/self-signed certificate|unable to verify/),
    })
    const elsewhere = mqttTransport(broker.tlsUrl ?? '', { ca, cert, key, servername: 'elsewhere' })
    await expect(converse(elsewhere)).rejects.toMatchObject({ message: expect.stringContaining('altnames') })
    await expect(converse(mqttTransport(broker.tlsUrl ?? '', { ca }))).rejects.toMatchObject({
      code: 'connection-lost',
    })
    await broker.stop()
    await certificates.remove()
  })
})
