import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Packet, parser } from 'mqtt-packet'
import { WebSocket, WebSocketServer } from 'ws'
import type { Proxy } from '../proxy.js'

/** Starts a WebSocket proxy to a broker that records packets and injects faults. */
export async function startWebSocketProxy(
  target: string,
  protocolVersion: 4 | 5,
): Promise<Pick<Proxy, 'url' | 'cut' | 'isRefusing' | 'inject' | 'sent' | 'connections' | 'stop'>> {
  const clients = new Set<WebSocket>()
  const sent: Packet[] = []
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols: () => 'mqtt',
  })

  const forward = (client: WebSocket): void => {
    const broker = new WebSocket(target, 'mqtt')
    const reader = parser({ protocolVersion }).on('packet', (packet) => sent.push(packet))
    const queued: Buffer[] = []
    clients.add(client)
    client.on('message', (data: Buffer) => {
      reader.parse(data)
      if (broker.readyState === WebSocket.OPEN) broker.send(data)
      else queued.push(data)
    })
    broker.on('open', () => queued.splice(0).forEach((data) => broker.send(data)))
    broker.on('message', (data: Buffer) => client.send(data))
    client.on('error', () => undefined).on('close', () => clients.delete(client) && broker.terminate())
    broker.on('error', () => undefined).on('close', () => client.close())
  }

  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => clients.forEach((client) => client.terminate())
  const proxy = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`,
    cut,
    isRefusing: false,
    inject: (bytes: Uint8Array) => clients.forEach((client) => client.send(bytes)),
    sent,
    connections: () => clients.size,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (proxy.isRefusing) socket.resetAndDestroy()
    else acceptor.handleUpgrade(request, socket, head, forward)
  })
  return proxy
}
