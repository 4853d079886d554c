import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { TunnelTarget } from '../tunnel.js'

/** Opens a socket through a proxy; rejects when `signal` aborts. */
export type OpenSocket = (target: TunnelTarget, signal: AbortSignal) => Promise<Socket>

type Callback = (error?: Error | null) => void

/** A stream that exists at once and is connected to a socket when that has opened. */
export class TunnelStream extends Duplex {
  readonly #abort = new AbortController()
  readonly #opening: Promise<Socket>
  #socket: Socket | undefined

  constructor(open: (signal: AbortSignal) => Promise<Socket>) {
    super()
    this.#opening = open(this.#abort.signal)
    this.#opening.then(
      (socket) => this.#attach(socket),
      (error: unknown) => this.destroy(error as Error),
    )
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, callback: Callback): void {
    this.#opening.then((socket) => socket.write(chunk, callback), callback)
  }

  override _final(callback: Callback): void {
    this.#opening.then((socket) => socket.end(callback), callback)
  }

  override _read(): void {
    this.#socket?.resume()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#abort.abort()
    this.#socket?.destroy()
    callback(error)
  }

  #attach(socket: Socket): void {
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
