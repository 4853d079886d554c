import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import {
  virtualBroker,
  type VirtualBroker,
  type VirtualBrokerOptions,
  type VirtualClientOptions,
} from '@antiphon/testing'
import { TestScheduler } from 'rxjs/testing'
import { expect } from 'vitest'

/** A broker and links to it on virtual time. */
export interface World {
  readonly scheduler: TestScheduler
  readonly broker: VirtualBroker
  readonly link: (clientId: string, options?: VirtualClientOptions & LinkOptions) => Link
  /** Advances virtual time until nothing is scheduled. */
  readonly flush: () => void
  /** Advances virtual time by a number of milliseconds. */
  readonly advance: (milliseconds: number) => void
}

/** Runs a test on virtual time; every packet takes a millisecond. */
export function inWorld(test: (world: World) => void, options: Partial<VirtualBrokerOptions> = {}): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(() => {
    const broker = virtualBroker({ scheduler, latency: 1, ...options })
    const advance = (milliseconds: number): void => {
      const before = scheduler.maxFrames
      scheduler.maxFrames = scheduler.now() + milliseconds
      scheduler.schedule(() => undefined, milliseconds)
      scheduler.flush()
      scheduler.maxFrames = before
    }
    test({
      scheduler,
      broker,
      link: (clientId, options = {}) => broker.link({ clientId, reconnect: {}, ...options }),
      flush: () => scheduler.flush(),
      advance,
    })
    // Stops endless schedules, such as a link that keeps reconnecting.
    scheduler.maxFrames = scheduler.frame
  })
}
