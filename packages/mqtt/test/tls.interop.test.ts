import { mqttTransport } from '@antiphon/mqtt'
import { describeForeign, makeCertificates, startMosquitto } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { converse, disconnect, outgoing, publish } from './conversation.js'

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
      message: expect.stringMatching(/self-signed certificate|unable to verify/) as string,
    })
    const elsewhere = mqttTransport(broker.tlsUrl ?? '', { ca, cert, key, servername: 'elsewhere' })
    await expect(converse(elsewhere)).rejects.toMatchObject({
      message: expect.stringContaining('altnames') as string,
    })
    await expect(converse(mqttTransport(broker.tlsUrl ?? '', { ca }))).rejects.toMatchObject({
      code: 'connection-lost',
    })
    await broker.stop()
    await certificates.remove()
  })
})
