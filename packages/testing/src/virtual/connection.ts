import type { SchedulerLike } from 'rxjs'
import { lane, type Disturb, type Receiver } from './packet-lane.js'
import type { ClientPacket, ServerPacket } from './packet.js'

/** One end of a connection, as its owner holds it. */
export interface End<Out> {
  readonly send: (packet: Out) => void
  /** Ends the connection behind what was sent; nothing is received any more. */
  readonly close: () => void
}

/** The broker's end. */
export interface ServerEnd extends End<ServerPacket> {
  /** Ends the connection at once: what is under way in both directions is lost. The client is told. */
  readonly cut: () => void
}

/** The time a packet takes, per direction, in milliseconds. */
export interface Latency {
  /** From client to broker. @defaultValue 0 */
  readonly up?: number
  /** From broker to client. @defaultValue 0 */
  readonly down?: number
}

/** The client's end of a connection, from its owner's side. */
export interface ClientReceiver extends Receiver<ServerPacket> {
  /** There was nobody to connect to; nothing that was sent went anywhere. */
  readonly unreachable: () => void
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly scheduler: SchedulerLike
  readonly isReachable: boolean
  readonly latency: Required<Latency>
  readonly disturbUp: Disturb<ClientPacket>
  readonly disturbDown: Disturb<ServerPacket>
}

/** Connects a client with whatever `accept` puts at the broker's end; returns the client's end. */
export function connection(
  { scheduler, isReachable, latency, disturbUp, disturbDown }: ConnectionOptions,
  client: ClientReceiver,
  accept: (end: ServerEnd) => Receiver<ClientPacket>,
): End<ClientPacket> {
  if (!isReachable) {
    const nobody = { packet: () => undefined, closed: client.unreachable }
    const { close, cut } = lane<ServerPacket>({ scheduler, latency: latency.up, disturb: () => [] }, nobody)
    close()
    return { send: () => undefined, close: cut }
  }
  const down = lane<ServerPacket>({ scheduler, latency: latency.down, disturb: disturbDown }, client)
  const reset = lane<ServerPacket>({ scheduler, latency: latency.down, disturb: () => [] }, client)
  const server = accept({
    send: down.send,
    close: () => {
      up.cut()
      down.close()
    },
    cut: () => {
      up.cut()
      down.cut()
      reset.close()
    },
  })
  const up = lane<ClientPacket>({ scheduler, latency: latency.up, disturb: disturbUp }, server)
  return {
    send: up.send,
    close: () => {
      down.cut()
      reset.cut()
      up.close()
    },
  }
}
