import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'

/** A small proxy of one's own on the loopback interface. */
export interface WayProxy {
  /** With the user and password it wants, if it wants any. */
  readonly url: string
  /** Where it was asked to lead, as `host:port`, in order. */
  readonly targets: readonly string[]
  readonly stop: () => Promise<void>
}

/** What a proxy wants to be shown. */
export interface ProxyUser {
  readonly name: string
  readonly password: string
}

/** Starts a proxy that knows HTTP CONNECT alone. */
export async function startHttpProxy(user?: ProxyUser): Promise<WayProxy> {
  const targets: string[] = []
  const wanted = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`
  const server = createHttpServer().on('connect', ({ url = '', headers }, client: Socket) => {
    if (headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    targets.push(url)
    const at = url.lastIndexOf(':')
    lead(client, { host: url.slice(0, at), port: Number(url.slice(at + 1)) }, (isOpen) =>
      client.write(`HTTP/1.1 ${isOpen ? '200 OK' : '502 Bad Gateway'}\r\n\r\n`),
    )
  })
  return listening(server, 'http', targets, user)
}

/** Starts a proxy that knows CONNECT of SOCKS 5 alone, by host name. */
export async function startSocksProxy(user?: ProxyUser): Promise<WayProxy> {
  const targets: string[] = []
  const server = createTcpServer((client) => {
    client.on('error', () => undefined)
    void greet(client, targets, user).catch(() => client.destroy())
  })
  return listening(server, 'socks5', targets, user)
}

async function greet(client: Socket, targets: string[], user: ProxyUser | undefined): Promise<void> {
  const methods = await hear(client)
  const method = user === undefined ? 0 : 2
  const isOffered = methods.subarray(2).includes(method)
  client.write(Uint8Array.of(5, isOffered ? method : 0xff))
  if (!isOffered) return void client.end()
  if (user !== undefined) {
    const shown = await hear(client)
    const length = shown[1] ?? 0
    const [name, password] = [shown.subarray(2, 2 + length), shown.subarray(3 + length)]
    const isKnown = name.toString() === user.name && password.toString() === user.password
    client.write(Uint8Array.of(1, isKnown ? 0 : 1))
    if (!isKnown) return void client.end()
  }
  const request = await hear(client)
  const host = request.subarray(5, -2).toString()
  const port = request.readUInt16BE(request.length - 2)
  targets.push(`${host}:${port}`)
  lead(client, { host, port }, (isOpen) =>
    client.write(Uint8Array.of(5, isOpen ? 0 : 5, 0, 1, 0, 0, 0, 0, 0, 0)),
  )
}

async function hear(client: Socket): Promise<Buffer> {
  const [bytes] = (await once(client, 'data')) as [Buffer]
  return bytes
}

function lead(
  client: Socket,
  target: { readonly host: string; readonly port: number },
  response: (isOpen: boolean) => void,
): void {
  const onward = connect(target)
  onward.once('connect', () => {
    response(true)
    client.pipe(onward).pipe(client)
  })
  onward.once('error', () => {
    if (onward.connecting || onward.pending) response(false)
    client.end()
  })
  client.on('error', () => onward.destroy())
  client.on('close', () => onward.destroy())
  onward.on('close', () => client.destroySoon())
}

async function listening(
  server: Server,
  protocol: string,
  targets: readonly string[],
  user: ProxyUser | undefined,
): Promise<WayProxy> {
  const clients = new Set<Socket>()
  server.on('connection', (client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const shown =
    user === undefined ? '' : `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`
  return {
    url: `${protocol}://${shown}127.0.0.1:${port}`,
    targets,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
