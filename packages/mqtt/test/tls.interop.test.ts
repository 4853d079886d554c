import { mqttTransport } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { expect, it } from 'vitest'
import { openConnection, disconnect, textMessage, publish } from './test-connection.js'

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
    expect(broker.log.join()).toContain("u'device-1'")
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
})
