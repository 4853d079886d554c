import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { WebSocketRequest } from '../authority/web-socket-request.js'

/** A listener for the events of a byte stream. */
export interface ChannelListener {
  readonly onData: (chunk: Buffer) => void
  /** The operating system has accepted all written bytes. */
  readonly onDrain: () => void
  /** The stream has closed, by either side. Called once, after all other calls. */
  readonly onClose: (error?: Error) => void
}

/** Where a byte stream comes from. */
export interface ChannelOrigin {
  /** The client's network address, for logs. */
  readonly remoteAddress: string
  /** The URL of the listener that accepted it. */
  readonly listener: string
  /** The network address of the proxy that named `remoteAddress`. */
  readonly proxyAddress?: string
  /** The client's certificate, if TLS requested and verified one. */
  readonly certificate?: PeerCertificate
  /** The HTTP request of a WebSocket, until CONNECT has arrived. */
  request?: WebSocketRequest | undefined
}

/** One accepted byte stream: a socket, or the concatenated binary frames of a WebSocket. */
export interface Channel extends ChannelOrigin {
  /** Written bytes that the operating system has not accepted yet. */
  readonly pending: number
  /** Whether the stream has closed; then `onClose` is not called. */
  readonly isClosed: boolean
  readonly listen: (listener: ChannelListener) => void
  /** Writes in order. Reuse the memory only if `pending` is 0 afterwards. */
  readonly write: (pieces: readonly Uint8Array[]) => void
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the stream after all written bytes are sent. */
  readonly end: () => void
  /** Ends the stream at once. */
  readonly destroy: () => void
}
