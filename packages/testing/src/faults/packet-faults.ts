import { isMatch } from '@antiphon/core/topic'
import type { Passage } from '../virtual/lane.js'
import type { Packet } from '../virtual/packet.js'
import type { PacketFault } from './fault.js'

/** The faults in force on packets, each until it struck as often as it should. */
export interface PacketFaults {
  /** Puts a fault in force; the returned function ends it. */
  readonly add: (fault: PacketFault) => () => void
  /** Ends all of them. */
  readonly clear: () => void
  /** What becomes of a packet. */
  readonly strike: <P extends Packet>(packet: P, route: Route) => readonly Passage<P>[]
}

/** Where a packet travels. */
export interface Route {
  readonly clientId: string
  readonly direction: 'to-client' | 'from-client'
}

/** No fault in force; `random` decides where chance is asked for. */
export function packetFaults(random: () => number): PacketFaults {
  const left = new Map<PacketFault, number>()

  const isStruck = (fault: PacketFault, packet: Packet, route: Route): boolean => {
    const { direction = 'to-client', clientId, packets = ['publish'], topic, probability = 1 } = fault
    const isChosen =
      direction === route.direction &&
      (clientId === undefined || clientId === route.clientId) &&
      packets.includes(packet.type) &&
      (topic === undefined || (packet.type === 'publish' && isMatch(topic, packet.message.topic)))
    return isChosen && (probability >= 1 || random() < probability)
  }

  const strikeOnce = <P extends Packet>(fault: PacketFault, passage: Passage<P>): readonly Passage<P>[] => {
    const { packet, delay = 0 } = passage
    switch (fault.kind) {
      case 'drop':
        return []
      case 'duplicate':
        return [passage, { ...passage, packet: asDuplicate(packet) }]
      case 'delay':
        return [{ ...passage, delay: delay + fault.by }]
      case 'reorder':
        return [{ ...passage, delay: delay + (fault.by ?? 1), overtaken: true }]
      case 'corrupt':
        return [{ ...passage, packet: garbled(packet, random) }]
      case 'malform':
        return [{ ...passage, packet: packet.type === 'publish' ? { ...packet, malformed: true } : packet }]
    }
  }

  return {
    add: (fault) => {
      const own = { ...fault }
      left.set(own, fault.times ?? 1)
      return () => left.delete(own)
    },
    clear: () => left.clear(),
    strike: (packet, route) => {
      let passages: readonly Passage<typeof packet>[] = [{ packet }]
      for (const [fault, times] of left) {
        if (!isStruck(fault, packet, route)) continue
        if (times <= 1) left.delete(fault)
        else left.set(fault, times - 1)
        passages = passages.flatMap((passage) => strikeOnce(fault, passage))
      }
      return passages
    },
  }
}

function asDuplicate<P extends Packet>(packet: P): P {
  return packet.type === 'publish' && packet.qos > 0 ? { ...packet, dup: true } : packet
}

/** Every byte anew and one more at the end, so that an empty payload is garbled as well. */
function garbled<P extends Packet>(packet: P, random: () => number): P {
  if (packet.type !== 'publish') return packet
  const { message } = packet
  const payload = Uint8Array.from({ length: message.payload.length + 1 }, () => Math.floor(random() * 256))
  return { ...packet, message: { ...message, payload } }
}
