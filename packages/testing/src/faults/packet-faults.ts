import { isMatch } from '@antiphon/core/topic'
import type { Transmission } from '../connection/packet-lane.js'
import type { Packet } from '../connection/packet.js'
import type { PacketFault } from './fault.js'

/** The active packet faults. A fault ends when it has affected `times` packets. */
export interface ActivePacketFaults {
  /** Adds a fault and returns a function that ends it. */
  readonly add: (fault: PacketFault) => () => void
  /** Ends all faults. */
  readonly clear: () => void
  /** Applies all matching faults to a packet. */
  readonly apply: <P extends Packet>(packet: P, route: PacketRoute) => readonly Transmission<P>[]
}

/** The client and the direction of a packet. */
export interface PacketRoute {
  readonly clientId: string
  readonly direction: 'to-client' | 'from-client'
}

/** Returns an empty set of faults; `random` decides about faults with a probability. */
export function activePacketFaults(random: () => number): ActivePacketFaults {
  const remainingTimes = new Map<PacketFault, number>()

  const affects = (fault: PacketFault, packet: Packet, route: PacketRoute): boolean => {
    const { direction = 'to-client', clientId, packets = ['publish'], topic, probability = 1 } = fault
    const isSelected =
      direction === route.direction &&
      (clientId === undefined || clientId === route.clientId) &&
      packets.includes(packet.type) &&
      (topic === undefined || (packet.type === 'publish' && isMatch(topic, packet.message.topic)))
    return isSelected && (probability >= 1 || random() < probability)
  }

  const applyFault = <P extends Packet>(
    fault: PacketFault,
    transmission: Transmission<P>,
  ): readonly Transmission<P>[] => {
    const { packet, delay = 0 } = transmission
    switch (fault.kind) {
      case 'drop':
        return []
      case 'duplicate':
        return [transmission, { ...transmission, packet: asDuplicate(packet) }]
      case 'delay':
        return [{ ...transmission, delay: delay + fault.by }]
      case 'reorder':
        return [{ ...transmission, delay: delay + (fault.by ?? 1), isUnordered: true }]
      case 'corrupt':
        return [{ ...transmission, packet: corrupted(packet, random) }]
      case 'malform':
        return [
          { ...transmission, packet: packet.type === 'publish' ? { ...packet, malformed: true } : packet },
        ]
    }
  }

  return {
    add: (fault) => {
      const added = { ...fault }
      remainingTimes.set(added, fault.times ?? 1)
      return () => remainingTimes.delete(added)
    },
    clear: () => remainingTimes.clear(),
    apply: (packet, route) => {
      let transmissions: readonly Transmission<typeof packet>[] = [{ packet }]
      for (const [fault, times] of remainingTimes) {
        if (!affects(fault, packet, route)) continue
        if (times <= 1) remainingTimes.delete(fault)
        else remainingTimes.set(fault, times - 1)
        transmissions = transmissions.flatMap((transmission) => applyFault(fault, transmission))
      }
      return transmissions
    },
  }
}

function asDuplicate<P extends Packet>(packet: P): P {
  return packet.type === 'publish' && packet.qos > 0 ? { ...packet, dup: true } : packet
}

/** Replaces all bytes of the payload and appends one, so that an empty payload changes too. */
function corrupted<P extends Packet>(packet: P, random: () => number): P {
  if (packet.type !== 'publish') return packet
  const { message } = packet
  const payload = Uint8Array.from({ length: message.payload.length + 1 }, () => Math.floor(random() * 256))
  return { ...packet, message: { ...message, payload } }
}
