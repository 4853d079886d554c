import { mqttTransport, type MqttOptions } from '@antiphon/mqtt'
import { throughProxy } from '@antiphon/mqtt/proxy'
import {
  describeForeign,
  startHttpProxy,
  startMosquitto,
  startSocksProxy,
  type Mosquitto,
  type TestProxy,
} from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openConnection, disconnect, textMessage, publish } from './test-connection.js'

const user = { name: 'us er', password: 'p:ä' }

describeForeign(['mosquitto'], 'a broker behind a proxy', () => {
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
    'connects through %s over TLS, TCP and WebSockets',
    async (name) => {
      const urls = [broker.tlsUrl ?? '', broker.url.replace('127.0.0.1', 'localhost'), broker.wsUrl ?? '']
      for (const url of urls) {
        const transport = mqttTransport(url, { ...through(name), ca: certificates.ca })
        await openConnection(transport)
        const large = textMessage('a', 'x'.repeat(300_000))
        expect(await publish(transport, large)).toEqual({ reasonCode: 0x10 })
        await disconnect(transport)
        expect(proxies[name]?.targets.at(-1)).toBe(new URL(url).host)
      }
    },
  )

  it('checks the certificate of a broker behind a proxy', async () => {
    const transport = mqttTransport(broker.tlsUrl ?? '', through('HTTP CONNECT'))
    await expect(openConnection(transport)).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringMatching(/self-signed certificate|unable to verify/) as string,
    })
  })

  it.each([
    ['HTTP CONNECT with a user', '407'],
    ['SOCKS 5 with a user', 'requires a user'],
  ])('fails with the reason of a proxy that refuses the client: %s', async (name, why) => {
    const url = new URL(proxies[name]?.url ?? '')
    url.username = url.password = ''
    const transport = mqttTransport(broker.tlsUrl ?? '', { tunnel: throughProxy(url.href) })
    await expect(openConnection(transport)).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining(why) as string,
    })
  })

  it.each(['HTTP CONNECT', 'SOCKS 5'])('reports an unreachable broker behind a proxy: %s', async (name) => {
    const transport = mqttTransport('mqtt://127.0.0.1:1', through(name))
    await expect(openConnection(transport)).rejects.toMatchObject({
      message: expect.stringMatching(/502|connection refused/) as string,
    })
  })

  it('fails the attempt if the proxy is unreachable or never answers', async () => {
    const nowhere = mqttTransport(broker.url, { tunnel: throughProxy('http://127.0.0.1:1') })
    await expect(openConnection(nowhere)).rejects.toMatchObject({ code: 'connection-lost' })
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    for (const protocol of ['http', 'socks5']) {
      const tunnel = throughProxy(`${protocol}://127.0.0.1:${port}`)
      const waiting = mqttTransport(broker.tlsUrl ?? '', { tunnel, connectTimeout: 200 })
      await expect(openConnection(waiting)).rejects.toMatchObject({ code: 'connection-lost' })
    }
    const closed = once(silent, 'close')
    silent.close()
    // `close` is emitted only after all sockets have closed.
    await closed
  })
})
