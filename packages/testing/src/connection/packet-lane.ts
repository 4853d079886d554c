import { Subscription, type SchedulerLike } from 'rxjs'

/** One packet as it will arrive: possibly altered, delayed or out of order. */
export interface Transmission<P> {
  readonly packet: P
  /** Additional latency in milliseconds. */
  readonly delay?: number
  /** Whether later packets may overtake it. */
  readonly isUnordered?: boolean
}

/** Returns the transmissions of a sent packet: none for a loss, two for a duplicate. */
export type PacketTransform<P> = (packet: P) => readonly Transmission<P>[]

/** The receiver at the end of a lane. */
export interface PacketReceiver<P> {
  readonly packet: (packet: P) => void
  readonly closed: () => void
}

/** One direction of a connection. */
export interface PacketLane<P> {
  readonly send: (packet: P) => void
  /** Closes the lane after the sent packets have arrived. */
  readonly close: () => void
  /** Closes the lane now: packets in flight are lost, and the receiver is not notified. */
  readonly cut: () => void
}

/** The options of `packetLane`. */
export interface PacketLaneOptions<P> {
  readonly scheduler: SchedulerLike
  /** The latency in milliseconds. */
  readonly latency: number
  readonly transform: PacketTransform<P>
}

/** Returns a lane that keeps order even if the scheduler reorders timers of the same time. */
export function packetLane<P>(
  { scheduler, latency, transform }: PacketLaneOptions<P>,
  receiver: PacketReceiver<P>,
): PacketLane<P> {
  const timers = new Subscription()
  const arrivals: (() => void)[] = []
  let lastArrival = -Infinity
  let isOpen = true

  const scheduleArrival = (delay: number, arrive: () => void): void => {
    const timer = scheduler.schedule(function () {
      timers.remove(this)
      arrive()
    }, delay)
    timers.add(timer)
  }
  const scheduleInOrder = (delay: number, arrive: () => void): void => {
    const now = scheduler.now()
    lastArrival = Math.max(lastArrival, now + latency + delay)
    arrivals.push(arrive)
    scheduleArrival(lastArrival - now, () => arrivals.shift()?.())
  }

  return {
    send: (sentPacket) => {
      if (!isOpen) return
      for (const { packet, delay = 0, isUnordered = false } of transform(sentPacket)) {
        const arrive = (): void => receiver.packet(packet)
        if (isUnordered) scheduleArrival(latency + delay, arrive)
        else scheduleInOrder(delay, arrive)
      }
    },
    close: () => {
      if (!isOpen) return
      isOpen = false
      scheduleInOrder(0, () => {
        timers.unsubscribe()
        receiver.closed()
      })
    },
    cut: () => {
      isOpen = false
      arrivals.length = 0
      timers.unsubscribe()
    },
  }
}
