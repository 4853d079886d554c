import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'

/** A proxy on the loopback interface. */
export interface TestProxy {
  /** The URL, with user and password if the proxy requires them. */
  readonly url: string
  /** The targets of the requests in order, as `host:port`. */
  readonly targets: readonly string[]
  readonly stop: () => Promise<void>
}

/** The credentials that a proxy requires. */
export interface ProxyUser {
  readonly name: string
  readonly password: string
}

/** Starts a proxy that supports only HTTP CONNECT. */
export async function startHttpProxy(user?: ProxyUser): Promise<TestProxy> {
  const targets: string[] = []
  const expected = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`
  const server = createHttpServer().on('connect', ({ url = '', headers }, client: Socket) => {
    if (headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    targets.push(url)
    const at = url.lastIndexOf(':')
    connectToTarget(client, { host: url.slice(0, at), port: Number(url.slice(at + 1)) }, (isOpen) =>
      client.write(`HTTP/1.1 ${isOpen ? '200 OK' : '502 Bad Gateway'}\r\n\r\n`),
    )
  })
  return listening(server, 'http', targets, user)
}

/** Starts a proxy that supports only CONNECT of SOCKS 5, by host name. */
export async function startSocksProxy(user?: ProxyUser): Promise<TestProxy> {
  const targets: string[] = []
  const server = createTcpServer((client) => {
    client.on('error', () => undefined)
    void negotiate(client, targets, user).catch(() => client.destroy())
  })
  return listening(server, 'socks5', targets, user)
}

async function negotiate(client: Socket, targets: string[], user: ProxyUser | undefined): Promise<void> {
  const methods = await receive(client)
  const method = user === undefined ? 0 : 2
  const isOffered = methods.subarray(2).includes(method)
  client.write(Uint8Array.of(5, isOffered ? method : 0xff))
  if (!isOffered) return void client.end()
  if (user !== undefined) {
    const credentials = await receive(client)
    const length = credentials[1] ?? 0
    const [name, password] = [credentials.subarray(2, 2 + length), credentials.subarray(3 + length)]
    const isAccepted = name.toString() === user.name && password.toString() === user.password
    client.write(Uint8Array.of(1, isAccepted ? 0 : 1))
    if (!isAccepted) return void client.end()
  }
  const request = await receive(client)
  const host = request.subarray(5, -2).toString()
  const port = request.readUInt16BE(request.length - 2)
  targets.push(`${host}:${port}`)
  connectToTarget(client, { host, port }, (isOpen) =>
    client.write(Uint8Array.of(5, isOpen ? 0 : 5, 0, 1, 0, 0, 0, 0, 0, 0)),
  )
}

async function receive(client: Socket): Promise<Buffer> {
  const [bytes] = (await once(client, 'data')) as [Buffer]
  return bytes
}

function connectToTarget(
  client: Socket,
  target: { readonly host: string; readonly port: number },
  respond: (isOpen: boolean) => void,
): void {
  const upstream = connect(target)
  upstream.once('connect', () => {
    respond(true)
    client.pipe(upstream).pipe(client)
  })
  upstream.once('error', () => {
    if (upstream.connecting || upstream.pending) respond(false)
    client.end()
  })
  client.on('error', () => upstream.destroy())
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroySoon())
}

async function listening(
  server: Server,
  protocol: string,
  targets: readonly string[],
  user: ProxyUser | undefined,
): Promise<TestProxy> {
  const clients = new Set<Socket>()
  server.on('connection', (client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const credentials =
    user === undefined ? '' : `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`
  return {
    url: `${protocol}://${credentials}127.0.0.1:${port}`,
    targets,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
