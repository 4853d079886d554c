import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Packet, parser } from 'mqtt-packet'

/** A TCP proxy in front of a broker that records packets and injects faults. */
export interface Proxy {
  readonly url: string
  /** Closes every connection, by FIN or by RST. */
  readonly cut: (how?: 'end' | 'reset') => void
  /** While `true`, resets new connections. */
  isRefusing: boolean
  /** While `true`, buffers what the broker sends. `cut` discards the buffer; `false` delivers it. */
  isHoldingInbound: boolean
  /** While `true`, drops what clients send; `sent` still records it. */
  isDroppingOutbound: boolean
  /** Sends bytes to every client as if they came from the broker. */
  readonly inject: (bytes: Uint8Array) => void
  /** The packets that clients sent, over all connections. */
  readonly sent: readonly Packet[]
  /** Returns the number of open connections. */
  readonly connections: () => number
  readonly stop: () => Promise<void>
}

/** Starts a proxy to a port of the loopback interface. */
export async function startProxy(target: number, protocolVersion: 4 | 5 = 5): Promise<Proxy> {
  const clients = new Set<Socket>()
  const sent: Packet[] = []
  const held: (() => void)[] = []
  const state = { isRefusing: false, isHoldingInbound: false, isDroppingOutbound: false }

  const forward = (client: Socket): void => {
    if (state.isRefusing) {
      client.resetAndDestroy()
      return
    }
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true })
    const reader = parser({ protocolVersion }).on('packet', (packet) => sent.push(packet))
    clients.add(client)
    client.on('data', (data) => {
      reader.parse(data)
      if (!state.isDroppingOutbound) broker.write(data)
    })
    broker.on('data', (data) => {
      if (state.isHoldingInbound) held.push(() => client.write(data))
      else client.write(data)
    })
    client.on('error', () => undefined).on('close', () => clients.delete(client) && broker.destroy())
    broker.on('error', () => undefined).on('close', () => client.destroy())
  }

  const server = createServer({ noDelay: true }, forward).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (how: 'end' | 'reset' = 'end'): void => {
    held.length = 0
    for (const client of clients) {
      if (how === 'reset') client.resetAndDestroy()
      else client.destroy()
    }
  }
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    get isRefusing() {
      return state.isRefusing
    },
    set isRefusing(value) {
      state.isRefusing = value
    },
    get isHoldingInbound() {
      return state.isHoldingInbound
    },
    set isHoldingInbound(value) {
      state.isHoldingInbound = value
      if (!value) for (const send of held.splice(0)) send()
    },
    get isDroppingOutbound() {
      return state.isDroppingOutbound
    },
    set isDroppingOutbound(value) {
      state.isDroppingOutbound = value
    },
    inject: (bytes) => clients.forEach((client) => client.write(bytes)),
    sent,
    connections: () => clients.size,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
