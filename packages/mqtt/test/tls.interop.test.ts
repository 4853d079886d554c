import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { mqttTransport } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { connackBytes } from './scripted-broker.js'
import { openConnection, disconnect, textMessage, publish, until } from './test-connection.js'

describeForeign(['mosquitto'], 'TLS', () => {
  it('connects over TLS with a client certificate and rejects a broker with the wrong certificate or name', async () => {
    const certificates = await makeCertificates({ clients: ['device-1'] })
    const { caFile, ca, server, clients } = certificates
    const broker = await startMosquitto({ tls: { caFile, ...server, requireCertificate: true } })
    const { cert, key } = clients['device-1'] ?? server
    const transport = mqttTransport(broker.tlsUrl ?? '', { ca, cert, key })
    await openConnection(transport)
    expect(await publish(transport, textMessage('a', 'x'))).toEqual({ reasonCode: 0x10 })
    await disconnect(transport)
    // The log comes through a pipe, later than CONNACK.
    await until(() => broker.log.join().includes("u'device-1'"))
    await expect(openConnection(mqttTransport(broker.tlsUrl ?? '', { cert, key }))).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringMatching(/self-signed certificate|unable to verify/) as string,
    })
    const elsewhere = mqttTransport(broker.tlsUrl ?? '', { ca, cert, key, servername: 'elsewhere' })
    await expect(openConnection(elsewhere)).rejects.toMatchObject({
      message: expect.stringContaining('altnames') as string,
    })
    await expect(openConnection(mqttTransport(broker.tlsUrl ?? '', { ca }))).rejects.toMatchObject({
      code: 'connection-lost',
    })
    await broker.stop()
    await certificates.remove()
  })

  it('checks the certificate of a wss broker and offers servername and ALPNProtocols', async () => {
    const certificates = await makeCertificates()
    const { ca, server: serverPair } = certificates
    const server = createServer({ ...serverPair, ALPNProtocols: ['other', 'mqtt'] })
    new WebSocketServer({ server }).on('connection', (socket) =>
      socket.once('message', () => socket.send(Uint8Array.from(connackBytes(5)))),
    )
    const handshakes: unknown[] = []
    server.on('secureConnection', ({ servername, alpnProtocol }: TLSSocket & { servername?: unknown }) =>
      handshakes.push([servername, alpnProtocol]),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}`
    const options = { ca, servername: 'localhost', ALPNProtocols: ['mqtt'] }
    const connection = await openConnection(mqttTransport(url, options))
    expect(handshakes).toEqual([['localhost', 'mqtt']])
    connection.drop()
    await expect(openConnection(mqttTransport(url))).rejects.toMatchObject({
      message: expect.stringMatching(/self-signed certificate|unable to verify/) as string,
    })
    const elsewhere = { ...options, servername: 'elsewhere' }
    await expect(openConnection(mqttTransport(url, elsewhere))).rejects.toMatchObject({
      message: expect.stringContaining('altnames') as string,
    })
    server.closeAllConnections()
    server.close()
    await certificates.remove()
  })
})
