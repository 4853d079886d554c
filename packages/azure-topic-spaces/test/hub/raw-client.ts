import { once } from 'node:events'
import { connect } from 'node:net'
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet'

/** A client that sends and receives single packets over a socket. */
export interface RawClient {
  /** Resolves when the socket is connected. */
  readonly opened: Promise<unknown>
  readonly send: (packet: Packet) => void
  /** Resolves with the next packet, or `undefined` when the hub has closed the connection. */
  readonly receive: () => Promise<Packet | undefined>
  readonly end: () => void
}

/** Connects a client to a port of the loopback interface. */
export function rawClient(port: number): RawClient {
  const socket = connect(port, '127.0.0.1')
  const received: (Packet | undefined)[] = []
  const waiters: ((packet: Packet | undefined) => void)[] = []
  const deliver = (packet: Packet | undefined): void => {
    const waiter = waiters.shift()
    if (waiter === undefined) received.push(packet)
    else waiter(packet)
  }
  const packets = parser({ protocolVersion: 4 })
  packets.on('packet', deliver)
  socket.on('data', (bytes) => packets.parse(bytes))
  socket.on('error', () => undefined)
  socket.on('close', () => deliver(undefined))
  return {
    opened: once(socket, 'connect'),
    send: (packet) => socket.write(generate(packet)),
    receive: () =>
      new Promise((resolve) => {
        if (received.length > 0) resolve(received.shift())
        else waiters.push(resolve)
      }),
    end: () => socket.destroy(),
  }
}

/** Creates a CONNECT of MQTT 3.1.1. */
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
