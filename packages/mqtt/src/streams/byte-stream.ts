import type { Address } from '../address.js'
import type { MqttOptions } from '../options.js'

/** The bytes to and from a broker. They can be written at once, while the stream may still be opening. */
export interface ByteStream {
  /** Sends bytes, which must not change later. Returns `false` if the stream is full: `onDrain` tells when to continue. */
  readonly write: (bytes: Uint8Array) => boolean
  /** Closes the stream when all bytes have been sent. */
  readonly end: () => unknown
  /** Closes the stream at once. */
  readonly destroy: () => unknown
}

/** Receives the events of a `ByteStream`; none is emitted before the stream is returned. */
export interface StreamEvents {
  readonly onData: (chunk: Uint8Array) => void
  readonly onDrain: () => void
  /** Called at most once, before `onClose`, with what to check if that is known. */
  readonly onError: (error: unknown, hint?: string) => void
  /** Called once, at the end, also after `destroy`. */
  readonly onClose: () => void
}

/** The options that concern the stream, not MQTT. */
export type StreamOptions = Pick<
  MqttOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'rejectUnauthorized'
  | 'servername'
  | 'ALPNProtocols'
  | 'wsOptions'
  | 'tunnel'
  | 'unref'
>

/** Opens a stream to a broker. Throws if it cannot start to open, for example with an invalid certificate. */
export type OpenStream = (address: Address, options: StreamOptions, events: StreamEvents) => ByteStream

/** The WebSocket Subprotocol Name of MQTT [MQTT-6.0.0-3]. */
export const subprotocol = 'mqtt'

/** Returns the URL of a broker's WebSocket. */
export function webSocketUrl({ protocol, host, port, path = '/' }: Address): string {
  return `${protocol}://${host}:${port}${path}`
}
