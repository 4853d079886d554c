import { setImmediate as turn } from 'node:timers/promises'
import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import {
  virtualBroker,
  type VirtualBroker,
  type VirtualBrokerOptions,
  type VirtualClientOptions,
} from '@antiphon/testing'
import { VirtualTimeScheduler } from 'rxjs'

/** A broker and links to it on virtual time, for tests with promises. */
export interface AsyncWorld {
  readonly scheduler: VirtualTimeScheduler
  readonly broker: VirtualBroker
  readonly link: (clientId: string, options?: VirtualClientOptions & LinkOptions) => Link
  /** Advances virtual time by a number of milliseconds, and settles promises between its instants. */
  readonly advance: (milliseconds: number) => Promise<void>
}

/** Creates a world in which every packet takes a millisecond. */
export function asyncWorld(options: Partial<VirtualBrokerOptions> = {}): AsyncWorld {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const broker = virtualBroker({ scheduler, latency: 1, ...options })
  return {
    scheduler,
    broker,
    link: (clientId, options = {}) => broker.link({ clientId, reconnect: {}, ...options }),
    advance: async (milliseconds) => {
      const end = scheduler.frame + milliseconds
      for (;;) {
        await turn()
        const [next] = scheduler.actions
        if (next === undefined || next.delay > end) break
        scheduler.maxFrames = next.delay
        scheduler.flush()
      }
      scheduler.frame = end
    },
  }
}
