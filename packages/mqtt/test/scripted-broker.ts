import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A listener that plays a broker by heart. */
export interface ScriptedBroker {
  readonly url: string
  /** What it answers the next CONNECT with, in one piece; then it hangs up where told. */
  readonly answer: (bytes: Uint8Array, how?: 'stay' | 'hang up') => void
  readonly stop: () => void
}

/** The shortest CONNACK that lets a client in. */
export function acceptance(protocolVersion: 4 | 5): readonly number[] {
  return protocolVersion === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]
}

/** Starts one on a free port of the loopback interface. */
export async function startScriptedBroker(): Promise<ScriptedBroker> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (bytes, how = 'stay') => {
      server.once('connection', (socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => (how === 'stay' ? socket.write(bytes) : socket.end(bytes)))
      })
    },
    stop: () => server.close(),
  }
}
