import { mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IConnectPacket } from 'mqtt-packet'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  subscribeRequest,
  openConnection,
  disconnect,
  textMessage,
  publish,
  subscribe,
  textOf,
  until,
} from './test-connection.js'
import { startProxy } from './proxy.js'

describeForeign(['mosquitto'], 'connecting', () => {
  let broker: Mosquitto
  beforeEach(async () => {
    broker = await startMosquitto({ websockets: true })
  })
  afterEach(() => broker.stop())

  /** Opens `count` connections of one transport in sequence and returns their CONNECT packets. */
  const connects = async (options: MqttOptions, count: number): Promise<readonly IConnectPacket[]> => {
    const proxy = await startProxy(broker.port, options.protocolVersion === 4 ? 4 : 5)
    const transport = mqttTransport(proxy.url, options)
    for (let done = 0; done < count; done += 1) {
      const { ended } = await openConnection(transport)
      proxy.cut()
      await ended
    }
    await proxy.stop()
    return proxy.sent.filter((packet): packet is IConnectPacket => packet.cmd === 'connect')
  }

  it('starts a session on the first connection and resumes it on later ones, on MQTT 5', async () => {
    const packets = await connects({}, 3)
    expect(packets.map(({ clean }) => clean)).toEqual([true, false, false])
    expect(new Set(packets.map(({ clientId }) => clientId)).size).toBe(1)
    expect(packets[0]?.clientId).toMatch(/^antiphon[0-9a-f]{15}$/)
    expect(packets[0]?.properties).toEqual({ sessionExpiryInterval: 300, requestResponseInformation: true })
  })

  it('starts a session on every connection with clean: true, and by default on 3.1.1', async () => {
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

  it('resumes a session on the first connection with clean: false, on MQTT 5 and 3.1.1', async () => {
    const options = { clean: false, clientId: 'mine' } as const
    expect((await connects(options, 2)).map(({ clean }) => clean)).toEqual([false, false])
    const packets = await connects({ ...options, protocolVersion: 4 }, 2)
    expect(packets.map(({ clean, clientId }) => [clean, clientId])).toEqual([
      [false, 'mine'],
      [false, 'mine'],
    ])
  })

  it('connects to the nodes of a cluster round robin', async () => {
    const nodes = [await startProxy(broker.port), await startProxy(broker.port)] as const
    const transport = mqttTransport([nodes[0].url, nodes[1].url])
    const counts: (readonly number[])[] = []
    for (let connection = 0; connection < 3; connection += 1) {
      const { ended } = await openConnection(transport)
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

  it('reuses the client identifier that the broker assigned', async () => {
    const [first, second] = await connects({ clientId: '' }, 2)
    expect(first?.clientId).toBe('')
    expect(second?.clientId).not.toBe('')
    expect(second?.clean).toBe(false)
  })

  it.each<[keeps: boolean, options: MqttOptions]>([
    [false, { clientId: 'x' }],
    [true, { clientId: 'x', clean: false }],
    [true, { clientId: 'x', properties: { sessionExpiryInterval: 60 } }],
  ])('leaves a session at the broker after DISCONNECT: %s, with %o', async (keeps, options) => {
    const transport = mqttTransport(broker.url, options)
    await openConnection(transport)
    await subscribe(transport, subscribeRequest('a'))
    await disconnect(transport)
    const again = mqttTransport(broker.url, { clientId: 'x', clean: false })
    expect((await openConnection(again)).info.sessionPresent).toBe(keeps)
    await disconnect(again)
  })

  it('sends all fields and properties of CONNECT', async () => {
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

  it('has its will published when the connection drops, and not after DISCONNECT', async () => {
    const listener = mqttTransport(broker.url)
    const listening = await openConnection(listener)
    await subscribe(listener, subscribeRequest('wills'))
    const disconnecting = mqttTransport(broker.url, { will: { topic: 'wills', payload: 'disconnected' } })
    await openConnection(disconnecting)
    await disconnect(disconnecting)
    const dropping = mqttTransport(broker.url, { will: { topic: 'wills', payload: 'dropped', qos: 1 } })
    ;(await openConnection(dropping)).drop()
    expect((await listening.received(1)).map(textOf)).toEqual(['dropped'])
    await disconnect(listener)
  })

  it('publishes and receives over a WebSocket', async () => {
    const transport = mqttTransport(`${broker.wsUrl}/mqtt?token=1`, {
      wsOptions: { headers: { 'x-token': '1' } },
    })
    const connection = await openConnection(transport)
    await subscribe(transport, subscribeRequest('a', { qos: 2 }))
    // Mosquitto sends no more than 4 KiB in 100 ms over a WebSocket.
    const large = textMessage('a', 'ä'.repeat(5_000), { qos: 2 })
    await Promise.all([publish(transport, textMessage('a', 'small')), publish(transport, large)])
    expect((await connection.received(2)).map((message) => textOf(message).length)).toEqual([5, 5_000])
    await disconnect(transport)
    expect(await connection.ended).toBe('complete')
  })

  it('reports an address without a broker as connection-lost before-network', async () => {
    await broker.kill()
    await expect(openConnection(mqttTransport(broker.url))).rejects.toMatchObject({
      code: 'connection-lost',
      phase: 'before-network',
      message: expect.stringContaining('ECONNREFUSED') as string,
    })
    await broker.restart()
  })

  it('fails with connection-lost after-network if the broker sends no CONNACK within connectTimeout', async () => {
    const proxy = await startProxy(broker.port)
    proxy.isHoldingInbound = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const failing = openConnection(mqttTransport(proxy.url, { connectTimeout: 50 }))
      const failed = expect(failing).rejects.toMatchObject({
        code: 'connection-lost',
        phase: 'after-network',
        message: expect.stringContaining('connack timeout') as string,
      })
      await until(() => proxy.sent.length === 1)
      vi.advanceTimersByTime(50)
      await failed
    } finally {
      vi.useRealTimers()
    }
    await proxy.stop()
  })

  it('can be disconnected while connecting, and while credentials are pending', async () => {
    const transport = mqttTransport(broker.url)
    transport.connect$(1).subscribe().unsubscribe()
    await disconnect(transport)
    let wasCalled = false
    const pending = mqttTransport(broker.url, {
      credentials: () => {
        wasCalled = true
        return new Promise(() => undefined)
      },
    })
    const ended = firstValueFrom(pending.connect$(1), { defaultValue: 'completed' })
    await disconnect(pending)
    expect([wasCalled, await ended]).toEqual([true, 'completed'])
  })

  it('leaves no timer, no socket and no process listener after disconnecting or dropping', async () => {
    const kinds = ['Timeout', 'TCPSocketWrap', 'TCPConnectWrap', 'TLSWrap', 'GetAddrInfoReqWrap']
    const count = (): number => process.getActiveResourcesInfo().filter((name) => kinds.includes(name)).length
    const listeners = (): number =>
      process.eventNames().flatMap((name) => process.listeners(name as 'exit')).length
    const before = [count(), listeners()]
    for (const url of [broker.url, broker.wsUrl ?? '']) {
      for (const isDropped of [false, true]) {
        const transport = mqttTransport(url)
        const connection = await openConnection(transport)
        await subscribe(transport, subscribeRequest('a'))
        await publish(transport, textMessage('a', 'x'))
        if (isDropped) connection.drop()
        await disconnect(transport)
      }
    }
    await until(() => count() <= (before[0] ?? 0))
    // Fewer is possible: a timer of an earlier test may have ended in the meantime.
    expect(count()).toBeLessThanOrEqual(before[0] ?? 0)
    expect(listeners()).toBe(before[1])
  })
})
