import { mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IConnectPacket } from 'mqtt-packet'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from './conversation.js'
import { startProxy } from './proxy.js'

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

  it('goes to the nodes of a cluster in turn', async () => {
    const nodes = [await startProxy(broker.port), await startProxy(broker.port)] as const
    const transport = mqttTransport([nodes[0].url, nodes[1].url])
    const counts: (readonly number[])[] = []
    for (let connection = 0; connection < 3; connection += 1) {
      const { ended } = await converse(transport)
      counts.push(nodes.map((node) => node.sent.filter(({ cmd }) => cmd === 'connect').length))
      for (const node of nodes) node.cut()
      await ended
    }
    for (const node of nodes) await node.stop()
    expect(counts).toEqual([
      [1, 0],
      [1, 1],
      [2, 1],
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
      message: expect.stringContaining('ECONNREFUSED') as string,
    })
    await broker.restart()
  })

  it('gives up on a broker that does not answer in time, and says that CONNECT may have reached it', async () => {
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    await expect(converse(mqttTransport(broker.url, { connectTimeout: 50 }))).rejects.toMatchObject({
      code: 'connection-lost',
      phase: 'after-network',
      message: expect.stringContaining('connack timeout') as string,
    })
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })

  it('notices a broker that is silent for longer than the keepalive', async () => {
    const transport = mqttTransport(broker.url, { keepalive: 1 })
    const { ended } = await converse(transport)
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    expect(await ended).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('Keepalive') as string,
    })
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })

  it('can be given up while connecting, and while credentials are asked for', async () => {
    const transport = mqttTransport(broker.url)
    transport.connect$(1).subscribe().unsubscribe()
    await disconnect(transport)
    let wasAsked = false
    const requested = mqttTransport(broker.url, {
      credentials: () => {
        wasAsked = true
        return new Promise(() => undefined)
      },
    })
    const ended = firstValueFrom(requested.connect$(1), { defaultValue: 'completed' })
    await disconnect(requested)
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
    // A timer of an earlier test may have ended in the meantime.
    expect(count()).toBeLessThanOrEqual(before[0] ?? 0)
    expect(listeners()).toBe(before[1])
  })
})
