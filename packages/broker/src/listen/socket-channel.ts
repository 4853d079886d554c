import type { Socket } from 'node:net'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { Channel, ChannelListener } from '../connection/channel.js'

/** A channel over a TCP or TLS socket. */
export class SocketChannel implements Channel {
  readonly remoteAddress: string
  readonly listener: string
  readonly certificate?: PeerCertificate
  readonly #socket: Socket

  constructor(socket: Socket, listener: string, certificate?: PeerCertificate) {
    this.#socket = socket
    this.remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    this.listener = listener
    if (certificate !== undefined) this.certificate = certificate
    // Nagle's algorithm with delayed acknowledgements would add up to 40 ms to a response.
    socket.setNoDelay(true)
    // Lets the operating system detect dead clients that have no MQTT Keep Alive.
    socket.setKeepAlive(true, 60_000)
  }

  get pending(): number {
    return this.#socket.writableLength
  }

  listen({ onData, onDrain, onClose }: ChannelListener): void {
    const socket = this.#socket
    let failure: Error | undefined
    socket.on('data', onData)
    socket.on('drain', onDrain)
    socket.on('error', (error) => (failure = error))
    socket.on('close', () => onClose(failure))
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket
    if (!socket.writable) return
    if (pieces.length === 1) {
      socket.write(pieces[0] as Uint8Array)
      return
    }
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
