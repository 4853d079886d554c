import type { AntiphonError } from '@antiphon/core'
import { connect, type MqttOptions } from '@antiphon/mqtt'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { isUnreachable } from '../src/connection-errors.js'

const servers = new Set<Server>()
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
  servers.clear()
  sockets.clear()
})

async function listening(server: Server): Promise<number> {
  servers.add(server)
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const startTcp = (serve: (socket: Socket) => void): Promise<number> => listening(createTcpServer(serve))

const startHttp = (status: number): Promise<number> =>
  listening(createHttpServer((_, response) => response.writeHead(status).end()))

const startTls = (options: TlsOptions): Promise<number> => listening(createTlsServer(options))

const startWebSocket = (handleProtocols?: () => false): Promise<number> => {
  const server = createHttpServer()
  new WebSocketServer({ server, ...(handleProtocols && { handleProtocols }) }).on('connection', (socket) =>
    socket.on('message', (bytes: Buffer) => socket.send(bytes)),
  )
  return listening(server)
}

/** Returns the error of the first offline state. */
async function errorOf(url: string, options: MqttOptions = {}): Promise<AntiphonError> {
  const link = connect(url, { connectTimeout: 60_000, ...options })
  const offline = await firstValueFrom(link.state$.pipe(filter((state) => state.status === 'offline')))
  await link.close()
  return offline.error
}

/** Expects the error of a failed connection to name the URL, the failure, and what to check. */
function expectExplained(error: AntiphonError, url: string, failure: RegExp, toCheck: RegExp): void {
  expect(error.code).toBe('connection-lost')
  const start = `cannot connect to ${url}: `
  expect(error.rawMessage.slice(0, start.length)).toBe(start)
  const [what = '', ...hints] = error.rawMessage.slice(start.length).split('; ')
  expect(what).toMatch(failure)
  expect(hints.join('; ')).toMatch(toCheck)
}

describe('the error of a connection that fails', () => {
  it.each([
    [
      'mqtt://127.0.0.1:1',
      /ECONNREFUSED 127\.0\.0\.1:1$/,
      /^is the broker running, and is the port right\?$/,
    ],
    ['ws://127.0.0.1:1/mqtt', /ECONNREFUSED 127\.0\.0\.1:1$/, /^is the broker running/],
    ['mqtt://nowhere.invalid:1883', /(ENOTFOUND|EAI_AGAIN) nowhere\.invalid$/, /^check the host name/],
  ])('says what to check if there is no server at %s', async (url, failure, toCheck) => {
    expectExplained(await errorOf(url), url, failure, toCheck)
  })

  it('says that an HTTP server does not speak MQTT, and shows its first line', async () => {
    const url = `mqtt://127.0.0.1:${await startHttp(404)}`
    const failure = /^the server does not speak MQTT: it sent "HTTP\/1\.1 400 Bad Request"$/
    expectExplained(await errorOf(url), url, failure, /^check the port and the protocol of the URL$/)
  })

  it('says that a server that sends something else than CONNACK first does not speak MQTT', async () => {
    const url = `mqtt://127.0.0.1:${await startTcp((socket) => socket.pipe(socket))}`
    expectExplained(
      await errorOf(url),
      url,
      /^the server does not speak MQTT: it sent 0x10$/,
      /^check the port/,
    )
  })

  it('says what to check if the server closes the connection before CONNACK', async () => {
    const port = await startTcp((socket) => socket.once('data', () => socket.end()))
    const failure = /^the broker closed the connection without a reason$/
    const url = `mqtt://127.0.0.1:${port}`
    expectExplained(
      await errorOf(url),
      url,
      failure,
      /^does the port expect .*TLS.*, and .*accept this client\?$/,
    )
  })

  it('says what to check if the server does not answer CONNECT', async () => {
    const url = `mqtt://127.0.0.1:${await startTcp(() => undefined)}`
    const error = await errorOf(url, { connectTimeout: 200 })
    expectExplained(error, url, /^connack timeout$/, /^does the port expect .*TLS/)
  })

  it('says that a port does not speak TLS', async () => {
    for (const url of [
      `mqtts://127.0.0.1:${await startHttp(404)}`,
      `wss://127.0.0.1:${await startHttp(404)}/mqtt`,
      `mqtts://127.0.0.1:${await startTcp((socket) => socket.pipe(socket))}`,
    ])
      expectExplained(
        await errorOf(url),
        url,
        /^TLS: (wrong version number|unexpected message)$/,
        /does not speak TLS/,
      )
  })

  it.each(['mqtts', 'wss'])('says what to check if the certificate is rejected: %s', async (protocol) => {
    const certificates = await makeCertificates()
    const { ca, server } = certificates
    const path = protocol === 'wss' ? '/mqtt' : ''
    const url = `${protocol}://localhost:${await startTls(server)}${path}`
    expectExplained(await errorOf(url), url, /verify the first certificate|self-signed/, /as the option ca$/)
    const elsewhere = { ca, servername: 'elsewhere' }
    expectExplained(await errorOf(url, elsewhere), url, /altnames/, /the option servername/)
    await certificates.remove()
  })

  it.each([
    [401, /^the server answered 401 Unauthorized to the WebSocket$/, /wsOptions\.headers/],
    [403, /^the server answered 403 Forbidden to the WebSocket$/, /wsOptions\.headers/],
    [404, /^the server answered 404 Not Found to the WebSocket$/, /^check the path of the URL$/],
    [500, /^the server answered 500 Internal Server Error to the WebSocket$/, /^check the URL$/],
  ])(
    'names the URL and the HTTP status %i of a WebSocket that is refused',
    async (status, failure, toCheck) => {
      const url = `ws://127.0.0.1:${await startHttp(status)}/there?a=b`
      expectExplained(await errorOf(url), url, failure, toCheck)
    },
  )

  it('says that a WebSocket server does not speak MQTT', async () => {
    const without = `ws://127.0.0.1:${await startWebSocket(() => false)}/mqtt`
    expectExplained(
      await errorOf(without),
      without,
      /no subprotocol$/,
      /^does the URL lead to an MQTT broker\?$/,
    )
    const echoing = `ws://127.0.0.1:${await startWebSocket()}/mqtt`
    expectExplained(await errorOf(echoing), echoing, /^the server does not speak MQTT/, /^check the port/)
  })

  it('is before-network only if no address of the host was reached', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' })
    expect(isUnreachable(new AggregateError([refused, refused]))).toBe(true)
    expect(isUnreachable(new AggregateError([refused, new Error('read ECONNRESET')]))).toBe(false)
  })
})
