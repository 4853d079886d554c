import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { makeCertificates } from '@antiphon/workshop/certificates'
import type { Certificates } from '@antiphon/workshop/certificates'
import { filter, firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createBroker } from '../../src/index.js'
import type { Broker, ClientInfo } from '../../src/index.js'
import { hex } from '../world.js'
import { readUntilPingresp } from './read-until-pingresp.js'

const connect = hex('10 0e 00044d515454 05 02 0000 00 0001 61')
const ping = hex('c0 00')

let broker: Broker
beforeEach(() => {
  broker = createBroker()
})
afterEach(() => broker.close())

describe('listen over TLS', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates({ clients: ['device-7'] })
  })
  afterAll(() => certificates.remove())

  const server = (): {
    cert: string
    key: string
    ca: string
    requestCert: boolean
    rejectUnauthorized: boolean
  } => ({
    cert: certificates.server.cert,
    key: certificates.server.key,
    ca: certificates.ca,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const connected = (): Promise<ClientInfo> =>
    firstValueFrom(broker.events$.pipe(filter((event) => event.type === 'connected'))).then(
      ({ client }) => client,
    )

  it('emits the common name of a verified client certificate over TLS', async () => {
    const { port, url } = await broker.listen({ protocol: 'tls', tls: server() })
    expect(url).toBe(`mqtts://127.0.0.1:${port}`)
    const withCertificate = connected()
    const { cert, key } = certificates.clients['device-7'] ?? { cert: '', key: '' }
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      ca: certificates.ca,
      servername: 'localhost',
      cert,
      key,
    })
    socket.write(Buffer.concat([connect, ping]))
    expect((await readUntilPingresp(socket))[0]).toBe(0x20)
    expect((await withCertificate).certificate).toMatchObject({ commonName: 'device-7' })
    const withoutCertificate = connected()
    const anonymous = connectTls({ port, host: '127.0.0.1', ca: certificates.ca, servername: 'localhost' })
    anonymous.write(Buffer.concat([connect, ping]))
    await readUntilPingresp(anonymous)
    expect(await withoutCertificate).not.toHaveProperty('certificate')
  })

  it('emits the common name of a verified client certificate over secure WebSocket', async () => {
    const { url } = await broker.listen({ protocol: 'wss', tls: server(), path: '/mqtt' })
    expect(url).toMatch(/^wss:.*\/mqtt$/)
    const { cert, key } = certificates.clients['device-7'] ?? { cert: '', key: '' }
    const withCertificate = connected()
    const socket = new WebSocket(url, 'mqtt', { ca: certificates.ca, cert, key })
    await once(socket, 'open')
    socket.send(connect)
    expect(await withCertificate).toMatchObject({ listener: url, certificate: { commonName: 'device-7' } })
    socket.terminate()
  })
})
