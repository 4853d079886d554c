import { Subscription, type SchedulerLike } from 'rxjs'

/** One packet as it will arrive: perhaps altered, late, or overtaken. */
export interface Passage<P> {
  readonly packet: P
  /** Milliseconds on top of the latency. */
  readonly delay?: number
  /** It leaves the line: what is sent after it may arrive before it. */
  readonly overtaken?: boolean
}

/** What becomes of a packet: none is a loss, two are a duplicate. */
export type Disturb<P> = (packet: P) => readonly Passage<P>[]

/** Who stands at the end of a lane. */
export interface Receiver<P> {
  readonly packet: (packet: P) => void
  readonly closed: () => void
}

/** One direction of a connection. */
export interface PacketLane<P> {
  readonly send: (packet: P) => void
  /** Ends it behind what was sent before. */
  readonly close: () => void
  /** Ends it now; what is under way is lost and nobody is told. */
  readonly cut: () => void
}

/** What a lane is made of. */
export interface LaneOptions<P> {
  readonly scheduler: SchedulerLike
  /** Milliseconds from sending to arrival. */
  readonly latency: number
  readonly disturb: Disturb<P>
}

/** A lane that keeps order, whatever the scheduler does with two timers of one instant. */
export function lane<P>(
  { scheduler, latency, disturb }: LaneOptions<P>,
  receiver: Receiver<P>,
): PacketLane<P> {
  const underWay = new Subscription()
  const line: (() => void)[] = []
  let lastDue = -Infinity
  let isOpen = true

  const after = (delay: number, arrive: () => void): void => {
    const timer = scheduler.schedule(function () {
      underWay.remove(this)
      arrive()
    }, delay)
    underWay.add(timer)
  }
  const inLine = (delay: number, arrive: () => void): void => {
    const now = scheduler.now()
    lastDue = Math.max(lastDue, now + latency + delay)
    line.push(arrive)
    after(lastDue - now, () => line.shift()?.())
  }

  return {
    send: (sent) => {
      if (!isOpen) return
      for (const { packet, delay = 0, overtaken = false } of disturb(sent)) {
        const arrive = (): void => receiver.packet(packet)
        if (overtaken) after(latency + delay, arrive)
        else inLine(delay, arrive)
      }
    },
    close: () => {
      if (!isOpen) return
      isOpen = false
      inLine(0, () => {
        underWay.unsubscribe()
        receiver.closed()
      })
    },
    cut: () => {
      isOpen = false
      line.length = 0
      underWay.unsubscribe()
    },
  }
}
