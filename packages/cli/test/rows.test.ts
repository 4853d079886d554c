import { createBroker } from '@antiphon/broker'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { describe } from 'vitest'
import { testRows } from './rows.js'

describe('antiphon with the embedded broker', () => {
  testRows(async () => {
    const certificates = await makeCertificates({ clients: ['shell'] })
    const broker = createBroker({
      authority: {
        authorizePublish: ({ message: { topic } }) =>
          topic.startsWith('closed/') ? { refuse: 0x87 } : 'allow',
      },
    })
    const { cert, key } = certificates.server
    const host = '127.0.0.1'
    const tlsOptions = { cert, key, ca: certificates.ca, requestCert: true, rejectUnauthorized: true }
    const tcp = await broker.listen({ protocol: 'tcp', port: 0, host })
    const tls = await broker.listen({ protocol: 'tls', port: 0, host, tls: tlsOptions })
    const ws = await broker.listen({ protocol: 'ws', port: 0, host })
    return {
      url: `mqtt://127.0.0.1:${tcp.port}`,
      tlsUrl: `mqtts://localhost:${tls.port}`,
      wsUrl: `ws://127.0.0.1:${ws.port}/mqtt`,
      certificates,
      stop: async () => {
        await broker.close()
        await certificates.remove()
      },
    }
  })
})
