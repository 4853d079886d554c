import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Packet, parser } from 'mqtt-packet'

/** A TCP proxy before a broker, to watch connections and to be bad to them. */
export interface Proxy {
  readonly url: string
  /** Ends every connection: orderly, or by a reset. */
  readonly cut: (how?: 'end' | 'reset') => void
  /** Turns new connections away while `true`. */
  isRefusing: boolean
  /** Keeps back what the broker sends while `true`; what was kept back is lost with its connection. */
  isDeaf: boolean
  /** Drops what clients send while `true`; it still counts as sent. */
  isMute: boolean
  /** Sends every client these bytes, as if they came from the broker. */
  readonly inject: (bytes: Uint8Array) => void
  /** The packets that clients sent, over all connections. */
  readonly sent: readonly Packet[]
  /** How many connections there are now. */
  readonly connections: () => number
  readonly stop: () => Promise<void>
}

/** Starts a proxy to a port of the loopback interface. */
export async function startProxy(target: number, protocolVersion: 4 | 5 = 5): Promise<Proxy> {
  const clients = new Set<Socket>()
  const sent: Packet[] = []
  const kept: (() => void)[] = []
  const state = { isRefusing: false, isDeaf: false, isMute: false }

  const carry = (client: Socket): void => {
    if (state.isRefusing) {
      client.resetAndDestroy()
      return
    }
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true })
    const reader = parser({ protocolVersion }).on('packet', (packet) => sent.push(packet))
    clients.add(client)
    client.on('data', (data) => {
      reader.parse(data)
      if (!state.isMute) broker.write(data)
    })
    broker.on('data', (data) => {
      if (state.isDeaf) kept.push(() => client.write(data))
      else client.write(data)
    })
    client.on('error', () => undefined).on('close', () => clients.delete(client) && broker.destroy())
    broker.on('error', () => undefined).on('close', () => client.destroy())
  }

  const server = createServer({ noDelay: true }, carry).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (how: 'end' | 'reset' = 'end'): void => {
    kept.length = 0
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
    get isDeaf() {
      return state.isDeaf
    },
    set isDeaf(value) {
      state.isDeaf = value
      if (!value) for (const send of kept.splice(0)) send()
    },
    get isMute() {
      return state.isMute
    },
    set isMute(value) {
      state.isMute = value
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
