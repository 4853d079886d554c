import { isBrowser } from '../../address.js'
import { type ByteStream, type StreamEvents, subprotocol } from '../byte-stream.js'

/** The members of a WebSocket that a stream uses; the platform's `WebSocket` and that of the npm package `ws` have them. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  readonly send: (data: Uint8Array<ArrayBuffer>) => void
  readonly close: () => void
}

/** A class of WebSockets. */
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike

/** The `readyState` of a WebSocket that has not opened yet. */
const connecting = 0
/** From this number of unsent bytes on, the stream is full. */
const bufferLimit = 512 * 1024
/** Milliseconds between two looks at the number of unsent bytes; a WebSocket has no event for it. */
const pollPeriod = 10

/** A `ByteStream` over the WebSocket of a browser. */
export class WebSocketStream implements ByteStream {
  readonly #socket: WebSocketLike
  readonly #events: StreamEvents
  /** What was written before the WebSocket opened. */
  readonly #queued: Uint8Array[] = []
  #hasOpened = false
  #isFull = false
  #isDestroyed = false
  #isClosed = false

  constructor(url: string, events: StreamEvents, webSocket: WebSocketConstructor = WebSocket) {
    this.#events = events
    const socket = (this.#socket = new webSocket(url, subprotocol))
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#open()
    socket.onmessage = ({ data }: { readonly data: unknown }) => this.#receive(data)
    socket.onerror = ({ message }: { readonly message?: unknown }) => this.#failSocket(message)
    socket.onclose = () => this.#close()
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (socket.readyState === connecting) this.#queued.push(bytes)
    else socket.send(bytes as Uint8Array<ArrayBuffer>)
    if (socket.bufferedAmount > bufferLimit && !this.#isFull) this.#awaitDrain()
    return !this.#isFull
  }

  end(): void {
    this.#socket.close()
  }

  destroy(): void {
    // The WebSocket of Node emits an error if it is closed before it has opened, which calls this again.
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#socket.close()
    // Not on the event of the WebSocket, which waits for the peer, and not before this method returns.
    queueMicrotask(() => this.#close())
  }

  #open(): void {
    this.#hasOpened = true
    this.#queued.splice(0).forEach((bytes) => this.write(bytes))
  }

  #receive(data: unknown): void {
    if (this.#isClosed) return
    if (data instanceof ArrayBuffer) this.#events.onData(new Uint8Array(data))
    else this.#fail(new Error('the server sent text: MQTT uses binary data frames [MQTT-6.0.0-1]'))
  }

  #awaitDrain(): void {
    this.#isFull = !this.#isClosed && this.#socket.bufferedAmount > bufferLimit
    if (this.#isFull) setTimeout(() => this.#awaitDrain(), pollPeriod)
    else if (!this.#isClosed) this.#events.onDrain()
  }

  /** A browser tells pages nothing about the failure; other platforms have a message. */
  #failSocket(message: unknown): void {
    const what = typeof message === 'string' && message !== '' ? message : 'WebSocket error'
    const error = new Error(what)
    // As Node marks the error of a socket that did not connect: the broker has received nothing.
    if (!this.#hasOpened) Object.assign(error, { syscall: 'connect' })
    this.#fail(error, isBrowser() ? 'check the URL and the console of the browser' : 'check the URL')
  }

  #fail(error: Error, hint?: string): void {
    if (this.#isClosed || this.#isDestroyed) return
    this.#events.onError(error, hint)
    this.destroy()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#events.onClose()
  }
}
