/** What a byte stream tells its connection. */
export interface ChannelListener {
  readonly onData: (chunk: Buffer) => void
  /** Everything written has been taken by the system. */
  readonly onDrain: () => void
  /** The stream is gone, whoever ended it. Once, and last. */
  readonly onClose: (error?: Error) => void
}

/** One accepted byte stream: a socket, or a WebSocket's binary frames strung together. */
export interface Channel {
  /** The other side, for people. */
  readonly remoteAddress: string
  /** Which listener accepted it. */
  readonly listener: string
  /** The client's certificate, where TLS asked for one and it was verified. */
  readonly certificate?: PeerCertificate
  /** Bytes written and not yet taken by the system. */
  readonly pending: number
  readonly listen: (listener: ChannelListener) => void
  /** Writes in order. Bytes may be used again only when nothing is pending afterwards. */
  readonly write: (pieces: readonly Uint8Array[]) => void
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the stream once everything written is out. */
  readonly end: () => void
  /** Ends the stream now. */
  readonly destroy: () => void
}

/** What of a client's verified certificate names it. */
export interface PeerCertificate {
  readonly commonName: string
  readonly fingerprint256: string
  /** The certificate itself, in DER. */
  readonly raw: Uint8Array
}
