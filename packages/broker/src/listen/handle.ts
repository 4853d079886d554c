import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { invalidArgument, requireArgument, type OptionRules } from '@antiphon/core/link'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { Channel } from '../connection/channel.js'
import { certificateOf } from './certificate-of.js'
import { StreamChannel } from './stream-channel.js'

/** What hooks and events say of a stream that is passed to `Broker.handle`. */
export interface StreamInfo {
  /**
   * The address of the client, for hooks and logs.
   * @defaultValue the address and port of a socket, else `stream`
   */
  readonly remoteAddress?: string
  /** The name of the listener, for hooks and logs. @defaultValue `handle` */
  readonly listener?: string
  /** The client's certificate. @defaultValue that of a TLS socket, if it was verified */
  readonly certificate?: PeerCertificate
}

const streamInfoRules: OptionRules<StreamInfo> = {
  remoteAddress: 'string',
  listener: 'string',
  certificate: 'object',
}

/** Returns a channel over a stream of the program. Throws `invalid-argument` if the stream cannot carry bytes. */
export function toChannel(stream: Duplex, info: StreamInfo): Channel {
  requireArgument('info', info, streamInfoRules)
  if (stream.destroyed) throw invalidArgument('cannot handle the stream: it is destroyed')
  if (stream.readableObjectMode || stream.writableObjectMode || stream.readableEncoding !== null)
    throw invalidArgument(
      'cannot handle the stream: it has an encoding or is in object mode; MQTT needs bytes',
    )
  const { remoteAddress = addressOf(stream), listener = 'handle' } = info
  const certificate = info.certificate ?? certificateOf(stream as TLSSocket)
  return new StreamChannel(stream, {
    remoteAddress,
    listener,
    ...(certificate === undefined ? {} : { certificate }),
  })
}

function addressOf(stream: Duplex): string {
  return stream instanceof Socket && stream.remoteAddress !== undefined
    ? `${stream.remoteAddress}:${stream.remotePort}`
    : 'stream'
}
