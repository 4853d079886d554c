import { on, once } from 'node:events'
import { connect } from 'node:net'
import { invalidArgument } from '@antiphon/core/link'
import { proxyError, type ProxyUser, userOf } from './proxy-url.js'
import type { OpenSocket } from './tunnel-stream.js'

const version = 5
const domainName = 3
/** The most bytes of a text, whose length is sent in one byte. */
const maxLength = 255
/** The length of the address in a reply, by its type; a domain name starts with its length instead. */
const addressBytes: Readonly<Record<number, number>> = { 1: 4, 4: 16 }

const userRequired = 'the proxy requires a user; put user:password into the URL of the proxy'
const userNotAccepted = 'the proxy does not accept a user and password; remove them from the URL of the proxy'

/** The reply codes, as errors show them [RFC 1928, 6]. */
const replies = [
  'succeeded',
  'general failure',
  'connection not allowed by ruleset',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]

/**
 * Opens a tunnel by SOCKS 5, with a user and password if the proxy's URL has them [RFC 1928, RFC 1929].
 *
 * Decision 0013 says why the library `socks` is not used.
 */
export function socks5(proxy: URL): OpenSocket {
  const { hostname, port } = proxy
  const user = userOf(proxy)
  if (user !== undefined) assertLengths(user)
  return async (target, signal) => {
    const refused = (why: string): Error => proxyError(proxy, target, why)
    if (Buffer.byteLength(target.host) > maxLength)
      throw refused(`the host name has more than ${maxLength} bytes, which SOCKS 5 cannot send [RFC 1928, 5]`)
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const socket = connect({ host, port: port === '' ? 1080 : Number(port), signal })
    // `read` reports errors; an error between two reads must not end the process as an unhandled `error` event.
    socket.on('error', () => undefined)
    // One listener for all reads: a new listener would be called at once for too few bytes, and the loop would never yield.
    const arrivals = on(socket, 'readable', { close: ['end', 'close'] })
    /** Reads exactly `count` bytes; later ones, which may be the broker's, stay in the socket. */
    const read = async (count: number): Promise<Buffer> => {
      for (;;) {
        const bytes = socket.read(count) as Buffer | null
        if (bytes?.length === count) return bytes
        if (bytes !== null || (await arrivals.next()).done === true)
          throw refused('the proxy closed the connection')
      }
    }
    try {
      await once(socket, 'connect')
      const method = user === undefined ? 0 : 2
      socket.write(Uint8Array.of(version, 1, method))
      const [, chosen] = await read(2)
      if (chosen !== method) throw refused(user === undefined ? userRequired : userNotAccepted)
      if (user !== undefined) {
        socket.write(Buffer.concat([Uint8Array.of(1), withLength(user.name), withLength(user.password)]))
        const [, status] = await read(2)
        if (status !== 0) throw refused('wrong user or password')
      }
      const portBytes = Uint8Array.of(target.port >> 8, target.port & 0xff)
      socket.write(
        Buffer.concat([Uint8Array.of(version, 1, 0, domainName), withLength(target.host), portBytes]),
      )
      const [, reply = 1, , addressType = 0] = await read(4)
      if (reply !== 0) throw refused(replies[reply] ?? `reply ${reply}`)
      const length = addressBytes[addressType] ?? (await read(1))[0] ?? 0
      await read(length + 2)
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      await arrivals.return?.()
    }
  }
}

function assertLengths({ name, password }: ProxyUser): void {
  for (const [field, value] of Object.entries({ 'user name': name, password })) {
    const length = Buffer.byteLength(value)
    if (length > maxLength)
      throw invalidArgument(
        `the ${field} in the proxy's URL has ${length} bytes: SOCKS 5 allows ${maxLength} [RFC 1929, 2]`,
      )
  }
}

/** Encodes a text of at most `maxLength` bytes with its length before it. */
function withLength(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}
