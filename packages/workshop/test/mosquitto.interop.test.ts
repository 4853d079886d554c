import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { describeForeign, reservePort, startMosquitto } from '@antiphon/workshop'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { expect, it } from 'vitest'

const webSocketHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'mqtt',
}

describeForeign(['mosquitto'], 'startMosquitto', () => {
  it('listens on TCP, WebSockets and TLS, and closes the ports on stop', async () => {
    const certificates = await makeCertificates()
    const broker = await startMosquitto({
      websockets: true,
      tls: { caFile: certificates.caFile, ...certificates.server },
    })
    const secure = tlsConnect({ port: Number(broker.tlsPort), host: 'localhost', ca: certificates.ca })
    await once(secure, 'secureConnect')
    expect(secure.authorized).toBe(true)
    secure.destroy()
    const upgrade = request({ port: broker.wsPort, host: '127.0.0.1', headers: webSocketHeaders }).end()
    const [response, webSocket] = (await once(upgrade, 'upgrade')) as [IncomingMessage, Socket]
    expect(response.headers['sec-websocket-protocol']).toBe('mqtt')
    webSocket.destroy()
    await broker.stop()
    await certificates.remove()
    const refused = await new Promise((resolve) => connect(broker.port, '127.0.0.1').once('error', resolve))
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('restarts on the same port after a kill', async () => {
    const persistence = await mkdtemp(join(tmpdir(), 'antiphon-persistence-'))
    const broker = await startMosquitto({ persistence })
    const first = broker.pid()
    await broker.kill()
    expect(broker.pid()).toBeUndefined()
    await broker.restart()
    expect(broker.pid()).not.toBe(first)
    await broker.stop()
    await rm(persistence, { recursive: true })
  })

  it('takes another port if a foreign broker listens on the reserved one', async () => {
    const foreign = createServer().listen(0, '127.0.0.1')
    await once(foreign, 'listening')
    const { port } = foreign.address() as AddressInfo
    const taken = [port]
    const broker = await startMosquitto({ websockets: true }, async () => {
      const next = taken.pop()
      return next === undefined ? reservePort() : { port: next, release: () => undefined }
    })
    expect([broker.port, broker.wsPort]).not.toContain(port)
    const socket = connect(broker.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    await broker.stop()
    foreign.close()
  })

  it('takes another port for WebSockets if the reserved one is in use', async () => {
    const foreign = createServer().listen(0, '127.0.0.1')
    await once(foreign, 'listening')
    const { port } = foreign.address() as AddressInfo
    const reserved = [await reservePort(), { port, release: () => undefined }]
    const broker = await startMosquitto(
      { websockets: true },
      async () => reserved.shift() ?? (await reservePort()),
    )
    expect(broker.wsPort).not.toBe(port)
    await broker.stop()
    foreign.close()
  })

  it('rejects with the log if the broker does not start', async () => {
    await expect(startMosquitto({ config: ['no_such_option true'] })).rejects.toThrow(/no_such_option/)
  })
})
