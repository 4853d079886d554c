import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { TunnelTarget } from '../tunnel.js'

/** Opens a socket that leads through a proxy; gives up when it is told to. */
export type Opening = (target: TunnelTarget, signal: AbortSignal) => Promise<Socket>

type Done = (error?: Error | null) => void

/** A stream that is there at once, and leads through a socket that is still being opened. */
export class Tunnelled extends Duplex {
  readonly #abort = new AbortController()
  readonly #opening: Promise<Socket>
  #socket: Socket | undefined

  constructor(open: (signal: AbortSignal) => Promise<Socket>) {
    super()
    this.#opening = open(this.#abort.signal)
    this.#opening.then(
      (socket) => this.#join(socket),
      (error: unknown) => this.destroy(error as Error),
    )
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: Done): void {
    this.#opening.then((socket) => socket.write(chunk, done), done)
  }

  override _final(done: Done): void {
    this.#opening.then((socket) => socket.end(done), done)
  }

  override _read(): void {
    this.#socket?.resume()
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#abort.abort()
    this.#socket?.destroy()
    done(error)
  }

  #join(socket: Socket): void {
    if (this.destroyed) {
      socket.destroy()
      return
    }
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }
}
