import { once } from 'node:events'
import { connect } from 'node:net'
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet'

/** A client that says packets as they are told, over a socket. */
export interface RawClient {
  /** Resolves when the socket is connected. */
  readonly opened: Promise<unknown>
  readonly say: (packet: Packet) => void
  /** The next packet that comes; `undefined` when the hub has closed. */
  readonly hear: () => Promise<Packet | undefined>
  readonly end: () => void
}

export function rawClient(port: number): RawClient {
  const socket = connect(port, '127.0.0.1')
  const heard: (Packet | undefined)[] = []
  const waiting: ((packet: Packet | undefined) => void)[] = []
  const deliver = (packet: Packet | undefined): void => {
    const waiter = waiting.shift()
    if (waiter === undefined) heard.push(packet)
    else waiter(packet)
  }
  const packets = parser({ protocolVersion: 4 })
  packets.on('packet', deliver)
  socket.on('data', (bytes) => packets.parse(bytes))
  socket.on('error', () => undefined)
  socket.on('close', () => deliver(undefined))
  return {
    opened: once(socket, 'connect'),
    say: (packet) => socket.write(generate(packet)),
    hear: () =>
      new Promise((resolve) => {
        if (heard.length > 0) resolve(heard.shift())
        else waiting.push(resolve)
      }),
    end: () => socket.destroy(),
  }
}

/** A CONNECT of 3.1.1. */
export function connectPacket(packet: Partial<IConnectPacket>): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: false,
    clientId: '',
    keepalive: 60,
    ...packet,
  }
}
