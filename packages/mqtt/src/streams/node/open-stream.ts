import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { unref } from '../../handle.js'
import type { OpenStream, StreamEvents, StreamOptions } from '../byte-stream.js'
import { explainError } from './explain-error.js'
import { openTcp } from './tcp.js'
import { openTls } from './tls.js'
import { openWebSocket } from './web-socket.js'

const openers = { mqtt: openTcp, mqtts: openTls, ws: openWebSocket, wss: openWebSocket }

/** Opens a stream by the protocol of the address. */
export const openStream: OpenStream = (address, options, events) =>
  withEvents(unreferenced(openers[address.protocol](address, options), options), events)

/** Lets the socket not keep the process alive, if the options say so. A tunnel of the application may have no such function. */
function unreferenced(stream: Duplex, { unref: isUnref = false }: StreamOptions): Duplex {
  if (isUnref) unref(stream)
  return stream
}

function withEvents(stream: Duplex, { onData, onDrain, onError, onClose }: StreamEvents): Duplex {
  sendWithoutDelay(stream)
  const explain = (cause: unknown): void => {
    const { error, hint } = explainError(cause)
    onError(error, hint)
  }
  return stream.on('data', onData).on('drain', onDrain).on('error', explain).on('close', onClose)
}

/** Disables Nagle's algorithm, which delays a small packet until the previous one is acknowledged: up to 40 ms. */
function sendWithoutDelay(stream: Duplex | Socket): void {
  if ('setNoDelay' in stream) stream.setNoDelay(true)
}
