import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A TCP server that answers CONNECT with scripted bytes. */
export interface ScriptedBroker {
  readonly url: string
  /** Answers the next CONNECT with `bytes` in one write, and then keeps or closes the connection. */
  readonly answerConnect: (bytes: Uint8Array, then?: 'stay' | 'close') => void
  readonly stop: () => void
}

/** The shortest CONNACK that accepts a client. */
export function connackBytes(protocolVersion: 4 | 5): readonly number[] {
  return protocolVersion === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]
}

/** Starts a scripted broker on a free port of the loopback interface. */
export async function startScriptedBroker(): Promise<ScriptedBroker> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answerConnect: (bytes, then = 'stay') => {
      server.once('connection', (socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => (then === 'stay' ? socket.write(bytes) : socket.end(bytes)))
      })
    },
    stop: () => server.close(),
  }
}
