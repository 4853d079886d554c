import { once } from 'node:events'
import { endpoint, request, text, type Link, type LinkState } from '@antiphon/core'
import { connect, mqttTransport, type ConnectOptions } from '@antiphon/mqtt'
import { connect as connectWeb } from '@antiphon/mqtt/web'
import { filter, firstValueFrom } from 'rxjs'
import { WebSocket, WebSocketServer } from 'ws'
import { afterEach, describe, expect, it } from 'vitest'
import { openConnection } from './test-connection.js'
import {
  connack,
  startVersionedBroker,
  type ConnectAnswer,
  type VersionedBroker,
} from './versioned-broker.js'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(answer: (version: number) => ConnectAnswer): Promise<VersionedBroker> {
  const broker = await startVersionedBroker(answer)
  stops.push(broker.stop)
  return broker
}

function open(url: string, options: ConnectOptions = {}): Link {
  const link = connect(url, { protocolVersion: 'auto', reconnect: { initial: 1, maximum: 1 }, ...options })
  stops.push(() => link.close())
  return link
}

const stateOf = <S extends LinkState['status']>(
  link: Link,
  status: S,
): Promise<Extract<LinkState, { status: S }>> =>
  firstValueFrom(
    link.state$.pipe(filter((state): state is Extract<LinkState, { status: S }> => state.status === status)),
  )

/** Returns the protocol version of a link when it is online. */
const versionOf = async (link: Link): Promise<number> => (await stateOf(link, 'online')).info.protocolVersion

/** Cuts the connections of a broker, and resolves when the link is online again. */
async function reconnect(broker: VersionedBroker, link: Link): Promise<number> {
  broker.cut()
  await stateOf(link, 'offline')
  return versionOf(link)
}

describe("protocolVersion 'auto'", () => {
  it('stays with MQTT 5 if the broker speaks it', async () => {
    const broker = await start(() => connack.accept5)
    const link = open(broker.url)
    expect([await versionOf(link), await reconnect(broker, link), broker.versions]).toEqual([5, 5, [5, 5]])
  })

  it.each([
    ['0x84 of MQTT 5', connack.refuse5],
    ['return code 1 of MQTT 3.1.1', connack.refuse4],
  ])('speaks MQTT 3.1.1 after a refusal with %s, and remembers it', async (_, refusal) => {
    const broker = await start((version) => (version === 5 ? refusal : connack.accept4))
    const link = open(broker.url)
    expect([await versionOf(link), await reconnect(broker, link), broker.versions]).toEqual([4, 4, [5, 4, 4]])
  })

  it.each(['close', 'reset'] as const)(
    'speaks MQTT 3.1.1 after a %s at CONNECT, and remembers it the second time',
    async (how) => {
      const broker = await start((version) => (version === 5 ? how : connack.accept4))
      const link = open(broker.url)
      const versions = [await versionOf(link)]
      for (let count = 0; count < 2; count++) versions.push(await reconnect(broker, link))
      expect([versions, broker.versions]).toEqual([
        [4, 4, 4],
        [5, 4, 5, 4, 4],
      ])
    },
  )

  it('tries MQTT 5 again after a close at CONNECT that had another reason', async () => {
    let connects = 0
    const broker = await start((version) => {
      connects += 1
      if (version === 4) return connack.accept4
      return connects === 1 ? 'close' : connack.accept5
    })
    const link = open(broker.url)
    expect([await versionOf(link), await reconnect(broker, link), broker.versions]).toEqual([4, 5, [5, 4, 5]])
  })

  it('does not take a close for a refusal of a broker that has accepted MQTT 5', async () => {
    let connects = 0
    const broker = await start(() => {
      connects += 1
      return connects === 2 ? 'close' : connack.accept5
    })
    const link = open(broker.url)
    await versionOf(link)
    expect([await reconnect(broker, link), broker.versions]).toEqual([5, [5, 5, 5]])
  })

  it('speaks MQTT 3.1.1 after a refusal of a broker that has accepted MQTT 5', async () => {
    let isDowngraded = false
    const broker = await start((version) => {
      if (version === 4) return connack.accept4
      return isDowngraded ? connack.refuse5 : connack.accept5
    })
    const link = open(broker.url)
    await versionOf(link)
    isDowngraded = true
    expect([await reconnect(broker, link), broker.versions]).toEqual([4, [5, 5, 4]])
  })

  it('reports other refusals, and both versions refused', async () => {
    const busy = await start(() => connack.unavailable5)
    const { error } = await stateOf(open(busy.url), 'offline')
    expect([error.reasonCode, busy.versions[0]]).toEqual([0x88, 5])
    const none = await start((version) => (version === 5 ? connack.refuse5 : connack.refuse4))
    const closed = await stateOf(open(none.url), 'closed')
    expect([closed.error?.reasonCode, none.versions]).toEqual([1, [5, 4]])
  })

  it('closes while MQTT 3.1.1 is being tried', async () => {
    let startWaiting = (): void => undefined
    const waiting = new Promise<void>((resolve) => (startWaiting = resolve))
    const broker = await start((version) => {
      if (version === 5) return 'close'
      startWaiting()
      return []
    })
    const link = open(broker.url)
    link.state$.subscribe()
    await waiting
    await link.close()
    expect(broker.versions).toEqual([5, 4])
  })

  it('fails a request at once whose correlation needs MQTT 5, and says what to use', async () => {
    const broker = await start((version) => (version === 5 ? connack.refuse5 : connack.accept4))
    const link = open(broker.url)
    const temperature = endpoint({ topic: 'temperature', request: text, response: text })
    await expect(request(link, temperature, 'Vienna', { timeout: 60_000 })).rejects.toThrow(
      '[invalid-argument] cannot match a response: MQTT 3.1.1 cannot carry correlationData; give the endpoint the correlation payloadField(), topicParams() or inOrder()',
    )
  })

  it('leaves out the properties of MQTT 5 in the CONNECT of MQTT 3.1.1', async () => {
    const broker = await start((version) => (version === 5 ? connack.refuse5 : connack.accept4))
    const transport = mqttTransport(broker.url, {
      protocolVersion: 'auto',
      properties: { sessionExpiryInterval: 60 },
      will: { topic: 'will', willDelayInterval: 5 },
      endSession: false,
    })
    const connection = await openConnection(transport)
    expect(connection.info).toMatchObject({ protocolVersion: 4, subscriptionIdentifiers: false })
    connection.drop()
  })

  it('rejects enhanced authentication, which MQTT 3.1.1 would leave out', () => {
    const authentication = { method: 'SCRAM-SHA-256', begin: () => ({}) }
    expect(() => connect('mqtt://localhost', { protocolVersion: 'auto', authentication })).toThrow(
      "options.authentication: it needs MQTT 5, and protocolVersion 'auto' may connect without it; set protocolVersion to 5",
    )
    expect(() => connect('mqtt://localhost', { protocolVersion: 'automatic' as never })).toThrow(
      'options.protocolVersion is "automatic": it must be 4 or 5 or auto',
    )
  })

  it('works over the WebSocket of the platform', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
    stops.push(() => server.close())
    const versions: number[] = []
    server.on('connection', (socket) =>
      socket.once('message', (bytes: Buffer) => {
        const version = bytes[bytes.indexOf('MQTT') + 4] ?? 0
        versions.push(version)
        socket.send(Uint8Array.from(version === 5 ? connack.refuse5 : connack.accept4))
      }),
    )
    await once(server, 'listening')
    const { port } = server.address() as { readonly port: number }
    const link = connectWeb(`ws://127.0.0.1:${port}`, {
      protocolVersion: 'auto',
      webSocket: WebSocket,
    })
    stops.push(() => link.close())
    expect([await versionOf(link), versions]).toEqual([4, [5, 4]])
  })
})
