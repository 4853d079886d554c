import type { PacketTransform } from '../connection/packet-lane.js'
import type { Packet } from '../connection/packet.js'
import type { PacketFault } from './fault.js'
import { activePacketFaults, type PacketRoute } from './packet-faults.js'

/** The network between the clients and the broker, with its active faults. */
export interface Network {
  /** Whether connections of this client are blocked. */
  readonly isBlocked: (clientId: string) => boolean
  /** Blocks connections of one client, or of every client. */
  readonly block: (clientId?: string) => void
  /** Allows connections of one client, or of every client. */
  readonly unblock: (clientId?: string) => void
  /** Adds `by` milliseconds to every packet of one client, or of every client; 0 ends it. */
  readonly setExtraLatency: (by: number, clientId?: string) => void
  /** Adds a packet fault and returns a function that ends it. */
  readonly addPacketFault: (fault: PacketFault) => () => void
  /** Ends all faults. */
  readonly heal: () => void
  /** Returns the transform for the packets of one client in one direction. */
  readonly transformFor: <P extends Packet>(route: PacketRoute) => PacketTransform<P>
}

const everyClient = Symbol('every client')

/** Returns a network without faults. */
export function makeNetwork(random: () => number): Network {
  const blocked = new Set<string | typeof everyClient>()
  const extraLatency = new Map<string | typeof everyClient, number>()
  const faults = activePacketFaults(random)
  return {
    isBlocked: (clientId) => blocked.has(everyClient) || blocked.has(clientId),
    block: (clientId) => {
      blocked.add(clientId ?? everyClient)
    },
    unblock: (clientId) => {
      if (clientId === undefined) blocked.clear()
      else blocked.delete(clientId)
    },
    setExtraLatency: (by, clientId) => {
      if (by === 0 && clientId === undefined) extraLatency.clear()
      else extraLatency.set(clientId ?? everyClient, by)
    },
    addPacketFault: faults.add,
    heal: () => {
      blocked.clear()
      extraLatency.clear()
      faults.clear()
    },
    transformFor: (route) => (packet) => {
      const extra = extraLatency.get(route.clientId) ?? extraLatency.get(everyClient) ?? 0
      const transmissions = faults.apply(packet, route)
      return extra === 0
        ? transmissions
        : transmissions.map((transmission) => ({ ...transmission, delay: (transmission.delay ?? 0) + extra }))
    },
  }
}
