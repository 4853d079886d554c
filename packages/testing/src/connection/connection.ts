import type { SchedulerLike } from 'rxjs'
import type { Latency } from './latency.js'
import { packetLane, type PacketLane, type PacketTransform, type PacketReceiver } from './packet-lane.js'
import type { ClientPacket, ServerPacket } from './packet.js'

/** One end of a connection. */
export interface ConnectionEnd<Out> {
  /** Sends a packet to the other end. */
  readonly send: (packet: Out) => void
  /** Closes the connection after the sent packets have arrived; receives no further packets. */
  readonly close: () => void
}

/** The broker's end of a connection. */
export interface ServerEnd extends ConnectionEnd<ServerPacket> {
  /** Cuts the connection: packets in flight in both directions are lost. The client receives `closed`. */
  readonly cut: () => void
}

/** The receiver at the client's end of a connection. */
export interface ClientReceiver extends PacketReceiver<ServerPacket> {
  /** Called when the broker is not reachable; all sent packets are lost. */
  readonly unreachable: () => void
}

/** The options of `openConnection`. */
export interface ConnectionOptions {
  readonly scheduler: SchedulerLike
  readonly isReachable: boolean
  readonly latency: Required<Latency>
  readonly transformUp: PacketTransform<ClientPacket>
  readonly transformDown: PacketTransform<ServerPacket>
}

/** Connects a client with the receiver that `accept` returns for the broker; returns the client's end. */
export function openConnection(
  { scheduler, isReachable, latency, transformUp, transformDown }: ConnectionOptions,
  client: ClientReceiver,
  accept: (end: ServerEnd) => PacketReceiver<ClientPacket>,
): ConnectionEnd<ClientPacket> {
  if (!isReachable) {
    const unreachableReceiver = { packet: () => undefined, closed: client.unreachable }
    const { close, cut } = packetLane<ServerPacket>(
      { scheduler, latency: latency.up, transform: () => [] },
      unreachableReceiver,
    )
    close()
    return { send: () => undefined, close: cut }
  }
  const down = packetLane<ServerPacket>(
    { scheduler, latency: latency.down, transform: transformDown },
    client,
  )
  /** Tells the client that the connection is cut. */
  let cutNotice: PacketLane<ServerPacket> | undefined
  const server = accept({
    send: down.send,
    close: () => {
      up.cut()
      down.close()
    },
    cut: () => {
      up.cut()
      down.cut()
      cutNotice = packetLane({ scheduler, latency: latency.down, transform: () => [] }, client)
      cutNotice.close()
    },
  })
  const up = packetLane<ClientPacket>({ scheduler, latency: latency.up, transform: transformUp }, server)
  return {
    send: up.send,
    close: () => {
      down.cut()
      cutNotice?.cut()
      up.close()
    },
  }
}
