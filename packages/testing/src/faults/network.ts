import type { Disturb } from '../virtual/packet-lane.js'
import type { Packet } from '../virtual/packet.js'
import type { PacketFault } from './fault.js'
import { packetFaults, type Route } from './packet-faults.js'

/** The network between the clients and the broker, with what is wrong with it at present. */
export interface Network {
  /** Whether no connection of this client can be made. */
  readonly isBarred: (clientId: string) => boolean
  /** Without a client: every client. */
  readonly bar: (clientId?: string) => void
  readonly unbar: (clientId?: string) => void
  /** Adds so many milliseconds to every packet; 0 ends it. */
  readonly slow: (by: number, clientId?: string) => void
  readonly strike: (fault: PacketFault) => () => void
  /** Nothing is wrong any more. */
  readonly heal: () => void
  /** What becomes of the packets of one client in one direction. */
  readonly disturb: <P extends Packet>(route: Route) => Disturb<P>
}

const everyone = Symbol('every client')

/** A network with nothing wrong. */
export function network(random: () => number): Network {
  const barred = new Set<string | typeof everyone>()
  const slowness = new Map<string | typeof everyone, number>()
  const faults = packetFaults(random)
  return {
    isBarred: (clientId) => barred.has(everyone) || barred.has(clientId),
    bar: (clientId) => {
      barred.add(clientId ?? everyone)
    },
    unbar: (clientId) => {
      if (clientId === undefined) barred.clear()
      else barred.delete(clientId)
    },
    slow: (by, clientId) => {
      if (by === 0 && clientId === undefined) slowness.clear()
      else slowness.set(clientId ?? everyone, by)
    },
    strike: faults.add,
    heal: () => {
      barred.clear()
      slowness.clear()
      faults.clear()
    },
    disturb: (route) => (packet) => {
      const more = slowness.get(route.clientId) ?? slowness.get(everyone) ?? 0
      const passages = faults.strike(packet, route)
      return more === 0 ? passages : passages.map((one) => ({ ...one, delay: (one.delay ?? 0) + more }))
    },
  }
}
