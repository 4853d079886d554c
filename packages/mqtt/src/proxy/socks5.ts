import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { refusedByProxy, userOf } from './proxy-url.js'
import type { Opening } from './tunnelled.js'

const version = 5
const byName = 3
/** How many bytes an address of a kind takes; that of a name stands in front of it. */
const addressBytes: Readonly<Record<number, number>> = { 1: 4, 4: 16 }

/** What a reply says beside success [RFC 1928, 6]. */
const responses = [
  'succeeded',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]

/** Asks a proxy for a tunnel by SOCKS 5, with a user and password where its URL names them [RFC 1928, RFC 1929]. */
export function socks5(proxy: URL): Opening {
  const { hostname, port } = proxy
  const user = userOf(proxy)
  return async (target, signal) => {
    const refused = (why: string): Error => refusedByProxy(proxy, target, why)
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const socket = connect({ host, port: port === '' ? 1080 : Number(port), signal })
    // Errors reach whoever waits; between two waits there is nobody.
    socket.on('error', () => undefined)
    const hear = (count: number): Promise<Buffer> => take(socket, count, () => refused('it closed'))
    try {
      await once(socket, 'connect')
      const method = user === undefined ? 0 : 2
      socket.write(Uint8Array.of(version, 1, method))
      const [, chosen] = await hear(2)
      if (chosen !== method) throw refused(user === undefined ? 'it wants a user' : 'it takes no user')
      if (user !== undefined) {
        socket.write(Buffer.concat([Uint8Array.of(1), behindLength(user.name), behindLength(user.password)]))
        const [, status] = await hear(2)
        if (status !== 0) throw refused('wrong user or password')
      }
      const place = Uint8Array.of(target.port >> 8, target.port & 0xff)
      socket.write(Buffer.concat([Uint8Array.of(version, 1, 0, byName), behindLength(target.host), place]))
      const [, response = 1, , kind = 0] = await hear(4)
      if (response !== 0) throw refused(responses[response] ?? `reply ${response}`)
      const [length = 0] = kind in addressBytes ? [addressBytes[kind]] : await hear(1)
      await hear(length + 2)
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    }
  }
}

function behindLength(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

/** The next so many bytes; what follows them stays where it is. */
async function take(socket: Socket, count: number, ended: () => Error): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null
    if (bytes?.length === count) return bytes
    if (bytes !== null || socket.readableEnded || socket.destroyed) throw ended()
    await once(socket, 'readable')
  }
}
