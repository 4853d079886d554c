import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'

/** What a broker does with a CONNECT: a CONNACK with these bytes, a close by FIN or by RST, or passing it to the target. */
export type ConnectAnswer = readonly number[] | 'close' | 'reset' | 'forward'

/** A TCP server that answers CONNECT by its protocol version. */
export interface VersionedBroker {
  readonly port: number
  readonly url: string
  /** The protocol versions of all CONNECT packets so far. */
  readonly versions: readonly number[]
  /** Closes all connections. */
  readonly cut: () => void
  readonly stop: () => void
}

/** The CONNACKs that accept and refuse a client. */
export const connack = {
  accept5: [0x20, 3, 0, 0, 0],
  accept4: [0x20, 2, 0, 0],
  refuse5: [0x20, 3, 0, 0x84, 0],
  /** What a broker sends that speaks only MQTT 3.1.1. */
  refuse4: [0x20, 2, 0, 1],
  unavailable5: [0x20, 3, 0, 0x88, 0],
} as const

/** Starts a server whose `answer` gets the protocol version of each CONNECT; `target` is the port to forward to. */
export async function startVersionedBroker(
  answer: (version: number) => ConnectAnswer,
  target?: number,
): Promise<VersionedBroker> {
  const versions: number[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.once('data', (bytes) => {
      // The Remaining Length takes one byte more from 128 on; the version follows the name `MQTT`.
      const version = bytes[bytes.indexOf('MQTT') + 4] ?? 0
      versions.push(version)
      const chosen = answer(version)
      if (chosen === 'close') socket.end()
      else if (chosen === 'reset') socket.resetAndDestroy()
      else if (chosen === 'forward') forward(socket, bytes, target ?? 0)
      else socket.write(Uint8Array.from(chosen))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    versions,
    cut,
    stop: () => {
      cut()
      server.close()
    },
  }
}

function forward(socket: Socket, first: Uint8Array, port: number): void {
  const target = connectTcp({ port, host: '127.0.0.1', noDelay: true })
  target.on('error', () => undefined).on('close', () => socket.destroy())
  target.write(first)
  socket.pipe(target).pipe(socket)
}
