import type { Socket } from 'node:net'
import type { Deadline, Deadlines } from '@antiphon/core/link'
import { keyOf, type SocketKey } from './client-addresses.js'

/** Parameters of {@link Handshakes}. */
export interface HandshakesOptions {
  readonly deadlines: Deadlines
  /** Milliseconds that a handshake may take. */
  readonly timeout: number
  /** Called when a socket is closed because its handshake took too long. */
  readonly timedOut: (socket: Socket) => void
}

/**
 * The sockets of a listener whose PROXY protocol header, TLS or WebSocket handshake is pending.
 *
 * Node's own timeouts do not bound them: that of TLS starts again at each byte and only emits an event, those of HTTP are
 * checked every 30 s.
 */
export class Handshakes {
  readonly #options: HandshakesOptions
  readonly #pending = new Map<SocketKey, { readonly socket: Socket; readonly deadline: Deadline }>()

  constructor(options: HandshakesOptions) {
    this.#options = options
  }

  /** Adds a socket. It is destroyed after the timeout unless `complete` is called before. */
  begin(socket: Socket): void {
    const { deadlines, timeout, timedOut } = this.#options
    const key = keyOf(socket)
    const deadline = deadlines.add(timeout, () => {
      timedOut(socket)
      socket.destroy()
    })
    this.#pending.set(key, { socket, deadline })
    socket.once('close', () => {
      deadline.cancel()
      if (this.#pending.get(key)?.socket === socket) this.#pending.delete(key)
    })
  }

  /** Removes a socket, or the socket below a TLS socket: it has become an MQTT connection. */
  complete(socket: Socket): void {
    const key = keyOf(socket)
    this.#pending.get(key)?.deadline.cancel()
    this.#pending.delete(key)
  }

  /** Destroys all sockets. */
  abort(): void {
    for (const { socket } of [...this.#pending.values()]) socket.destroy()
  }
}
