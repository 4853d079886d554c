import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { WebSocketRequest } from '../authority/web-socket-request.js'
import type { Channel, ChannelListener, ChannelOrigin } from '../connection/channel.js'

/** A channel over a stream of bytes, for example a TCP or TLS socket. */
export class StreamChannel implements Channel {
  declare readonly remoteAddress: string
  declare readonly listener: string
  declare readonly proxyAddress?: string
  declare readonly certificate?: PeerCertificate
  declare request?: WebSocketRequest | undefined
  readonly #stream: Duplex
  #failure: Error | undefined

  constructor(stream: Duplex, origin: ChannelOrigin) {
    Object.assign(this, origin)
    this.#stream = stream
    tuneSocket(stream)
    // At once: the stream may fail before the broker is ready to listen.
    stream.on('error', (error) => (this.#failure = error))
  }

  get isClosed(): boolean {
    return this.#stream.destroyed
  }

  get pending(): number {
    return this.#stream.writableLength
  }

  listen({ onData, onDrain, onClose }: ChannelListener): void {
    const stream = this.#stream
    stream.on('data', onData)
    // A stream that was paused, for example until its first bytes were read, does not resume by itself.
    stream.resume()
    stream.on('drain', onDrain)
    // The sockets of a server end by themselves.
    if (stream.allowHalfOpen) stream.on('end', () => stream.end())
    stream.on('close', () => onClose(this.#failure))
  }

  write(pieces: readonly Uint8Array[]): void {
    const stream = this.#stream
    if (!stream.writable) return
    if (pieces.length === 1) {
      stream.write(pieces[0])
      return
    }
    stream.cork()
    for (const piece of pieces) stream.write(piece)
    stream.uncork()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  end(): void {
    this.#stream.end()
  }

  destroy(): void {
    this.#stream.destroy()
  }
}

/** Sets the options of a stream that is a socket. */
export function tuneSocket(stream: Duplex): void {
  const { setNoDelay, setKeepAlive } = stream as Partial<Socket>
  // Nagle's algorithm with delayed acknowledgements would add up to 40 ms to a response.
  setNoDelay?.call(stream, true)
  // Lets the operating system detect dead clients that have no MQTT Keep Alive.
  setKeepAlive?.call(stream, true, 60_000)
}
