import { mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { throughProxy } from '@antiphon/mqtt/proxy'
import {
  describeForeign,
  makeCertificates,
  startHttpProxy,
  startMosquitto,
  startSocksProxy,
  type Certificates,
  type Mosquitto,
  type TestProxy,
} from '@antiphon/workshop'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { converse, disconnect, outgoing, publish } from './conversation.js'

const user = { name: 'us er', password: 'p:ä' }

describeForeign(['mosquitto', 'openssl'], 'a broker behind a proxy', () => {
  let certificates: Certificates
  let broker: Mosquitto
  let proxies: Readonly<Record<string, TestProxy>>
  beforeAll(async () => {
    certificates = await makeCertificates()
    const { caFile, server } = certificates
    broker = await startMosquitto({ tls: { caFile, ...server }, websockets: true })
    proxies = {
      'HTTP CONNECT': await startHttpProxy(),
      'HTTP CONNECT with a user': await startHttpProxy(user),
      'SOCKS 5': await startSocksProxy(),
      'SOCKS 5 with a user': await startSocksProxy(user),
    }
  })
  afterAll(async () => {
    await Promise.all([...Object.values(proxies).map((proxy) => proxy.stop()), broker.stop()])
    await certificates.remove()
  })

  const through = (name: string): MqttOptions => ({ tunnel: throughProxy(proxies[name]?.url ?? '') })

  it.each(['HTTP CONNECT', 'HTTP CONNECT with a user', 'SOCKS 5', 'SOCKS 5 with a user'])(
    'is reached by %s over TLS, TCP and WebSockets',
    async (name) => {
      const urls = [broker.tlsUrl ?? '', broker.url.replace('127.0.0.1', 'localhost'), broker.wsUrl ?? '']
      for (const url of urls) {
        const transport = mqttTransport(url, { ...through(name), ca: certificates.ca })
        await converse(transport)
        const large = outgoing('a', 'x'.repeat(300_000))
        expect(await publish(transport, large)).toEqual({ reasonCode: 0x10 })
        await disconnect(transport)
        expect(proxies[name]?.targets.at(-1)).toBe(new URL(url).host)
      }
    },
  )

  it('is checked by its certificate all the same', async () => {
    const transport = mqttTransport(broker.tlsUrl ?? '', through('HTTP CONNECT'))
    await expect(converse(transport)).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringMatching(/self-signed certificate|unable to verify/) as string,
    })
  })

  it.each([
    ['HTTP CONNECT with a user', '407'],
    ['SOCKS 5 with a user', 'wants a user'],
  ])('is out of reach where the proxy refuses: %s', async (name, why) => {
    const url = new URL(proxies[name]?.url ?? '')
    url.username = url.password = ''
    const transport = mqttTransport(broker.tlsUrl ?? '', { tunnel: throughProxy(url.href) })
    await expect(converse(transport)).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining(why) as string,
    })
  })

  it.each(['HTTP CONNECT', 'SOCKS 5'])('that is not there is told of by %s', async (name) => {
    const transport = mqttTransport('mqtt://127.0.0.1:1', through(name))
    await expect(converse(transport)).rejects.toMatchObject({
      message: expect.stringMatching(/502|connection refused/) as string,
    })
  })

  it('a proxy that is not there, and one that never answers, end the attempt', async () => {
    const nowhere = mqttTransport(broker.url, { tunnel: throughProxy('http://127.0.0.1:1') })
    await expect(converse(nowhere)).rejects.toMatchObject({ code: 'connection-lost' })
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    for (const protocol of ['http', 'socks5']) {
      const tunnel = throughProxy(`${protocol}://127.0.0.1:${port}`)
      const waiting = mqttTransport(broker.tlsUrl ?? '', { tunnel, connectTimeout: 200 })
      await expect(converse(waiting)).rejects.toMatchObject({ code: 'connection-lost' })
    }
    const closed = once(silent, 'close')
    silent.close()
    // None of the sockets is left open.
    await closed
  })
})
