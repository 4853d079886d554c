import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** A TCP port of the loopback interface that is kept free for one listener. */
export interface ReservedPort {
  readonly port: number
  readonly release: () => void
}

/**
 * Below 11 000 are the ports of well-known services, and those that browsers refuse. From 32 768 on (Linux; elsewhere higher), the system gives ports to
 * outgoing connections and to listeners on port 0, so a broker that restarts could find its port in use.
 */
const firstPort = 11_000
const endPort = 32_768

/**
 * Resolves with a free port for a program that cannot listen on port 0, or that must listen on the same port again after a
 * restart. A program of ours that starts once listens on port 0 instead.
 *
 * Ports are even. This process holds the odd port above it until the release or its end, and other processes that
 * reserve ports respect that. Any other program can still take the port, so the start of the listener must be repeated if its port is in use.
 */
export async function reservePort(): Promise<ReservedPort> {
  for (;;) {
    const port = randomInt(firstPort / 2, endPort / 2) * 2
    const lock = await listenOn(port + 1)
    if (lock === undefined) continue
    const probe = await listenOn(port)
    if (probe !== undefined) {
      probe.close()
      await once(probe, 'close')
      lock.unref()
      return { port, release: () => void lock.close() }
    }
    lock.close()
  }
}

/** Resolves with a listening server, or with `undefined` if the port is in use. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
