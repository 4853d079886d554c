import { AntiphonError } from '@antiphon/core'
import type { Transport } from '@antiphon/core/link'
import type { VirtualBroker } from '@antiphon/testing'
import { defer, type Observable, type SchedulerLike, switchMap, throwError, timer } from 'rxjs'

/** What a simulated broker can do. */
export interface BrokerCapacity {
  /** Connections it accepts a second; further ones wait in the listener's queue. */
  readonly connectionsPerSecond: number
  /** The most connections in the listener's queue; further ones are refused. */
  readonly backlog: number
  /** Messages it routes a second; beyond that, all packets are late. */
  readonly messagesPerSecond: number
  /** Milliseconds of the network in each direction. */
  readonly latency: number
}

/** How often the backlog of messages is turned into latency, in milliseconds. */
const PERIOD = 100

/** Limits the connections and messages of a virtual broker to its capacity. */
export class BrokerModel {
  readonly #scheduler: SchedulerLike
  readonly #interval: number
  readonly #backlog: number
  #isUp = true
  #nextAccept = 0

  constructor(
    broker: VirtualBroker,
    { connectionsPerSecond, backlog: mostWaiting, messagesPerSecond }: BrokerCapacity,
  ) {
    const { scheduler } = broker
    this.#scheduler = scheduler
    this.#interval = 1_000 / connectionsPerSecond
    this.#backlog = mostWaiting
    let published = 0
    let backlog = 0
    let isSlow = false
    broker.published$.subscribe(() => (published += 1))
    scheduler.schedule(function () {
      backlog = Math.max(0, backlog + published - (messagesPerSecond * PERIOD) / 1_000)
      published = 0
      const isLate = backlog > 0
      if (isLate) broker.inject({ kind: 'slow', by: (backlog / messagesPerSecond) * 1_000 })
      else if (isSlow) broker.inject({ kind: 'fast' })
      isSlow = isLate
      this.schedule(undefined, PERIOD)
    }, PERIOD)
  }

  /** Returns a transport whose connections wait for their turn at the listener. */
  limit(transport: Transport): Transport {
    return {
      ...transport,
      connect$: (attempt) =>
        defer(() =>
          this.#isUp
            ? this.#turn$().pipe(switchMap(() => transport.connect$(attempt)))
            : transport.connect$(attempt),
        ),
    }
  }

  /** Stops the listener, whose queue is lost. */
  stop(): void {
    this.#isUp = false
    this.#nextAccept = 0
  }

  /** Starts the listener again. */
  start(): void {
    this.#isUp = true
  }

  #turn$(): Observable<unknown> {
    const now = this.#scheduler.now()
    if (this.#nextAccept - now > this.#backlog * this.#interval) return throwError(connectionRefused)
    this.#nextAccept = Math.max(this.#nextAccept, now) + this.#interval
    return timer(this.#nextAccept - now, this.#scheduler)
  }
}

function connectionRefused(): AntiphonError {
  return new AntiphonError('connection-lost', 'connect ECONNREFUSED', { phase: 'before-network' })
}
