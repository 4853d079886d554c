import { type ByteStream, type StreamEvents, subprotocol } from '../byte-stream.js'

/** From this number of unsent bytes on, the stream is full. */
const bufferLimit = 512 * 1024
/** Milliseconds between two looks at the number of unsent bytes; a WebSocket has no event for it. */
const pollPeriod = 10

/** A `ByteStream` over the WebSocket of a browser. */
export class WebSocketStream implements ByteStream {
  readonly #socket: WebSocket
  readonly #events: StreamEvents
  /** What was written before the WebSocket opened. */
  readonly #queued: Uint8Array[] = []
  #isFull = false
  #isClosed = false

  constructor(url: string, events: StreamEvents) {
    this.#events = events
    const socket = (this.#socket = new WebSocket(url, subprotocol))
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#queued.splice(0).forEach((bytes) => this.write(bytes))
    socket.onmessage = ({ data }) => this.#receive(data)
    // A browser tells pages nothing about the failure.
    socket.onerror = () => this.#fail('WebSocket error', 'check the URL and the console of the browser')
    socket.onclose = () => this.#close()
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (socket.readyState === socket.CONNECTING) this.#queued.push(bytes)
    else socket.send(bytes as Uint8Array<ArrayBuffer>)
    if (socket.bufferedAmount > bufferLimit && !this.#isFull) this.#awaitDrain()
    return !this.#isFull
  }

  end(): void {
    this.#socket.close()
  }

  destroy(): void {
    this.#socket.close()
    // Not on the event of the WebSocket, which waits for the peer, and not before this method returns.
    queueMicrotask(() => this.#close())
  }

  #receive(data: unknown): void {
    if (this.#isClosed) return
    if (data instanceof ArrayBuffer) this.#events.onData(new Uint8Array(data))
    else this.#fail('the server sent text: MQTT uses binary data frames [MQTT-6.0.0-1]')
  }

  #awaitDrain(): void {
    this.#isFull = !this.#isClosed && this.#socket.bufferedAmount > bufferLimit
    if (this.#isFull) setTimeout(() => this.#awaitDrain(), pollPeriod)
    else if (!this.#isClosed) this.#events.onDrain()
  }

  #fail(why: string, hint?: string): void {
    if (this.#isClosed) return
    this.#events.onError(new Error(why), hint)
    this.destroy()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#events.onClose()
  }
}
