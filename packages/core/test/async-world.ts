import { setImmediate as turn } from 'node:timers/promises'
import type { Link } from '@antiphon/core'
import { linkOver, type LinkOptions } from '@antiphon/core/link'
import {
  virtualBroker,
  type VirtualBroker,
  type VirtualBrokerOptions,
  type VirtualClientOptions,
} from '@antiphon/testing'
import { VirtualTimeScheduler } from 'rxjs'

/** A broker and links to it on virtual time, for tests in which promises take part. */
export interface AsyncWorld {
  readonly scheduler: VirtualTimeScheduler
  readonly broker: VirtualBroker
  readonly link: (clientId: string, options?: VirtualClientOptions & LinkOptions) => Link
  /** Runs virtual time for so many milliseconds; promises settle in the instants they belong to. */
  readonly advance: (milliseconds: number) => Promise<void>
}

/** A world in which every packet takes a millisecond. */
export function asyncWorld(options: Partial<VirtualBrokerOptions> = {}): AsyncWorld {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const broker = virtualBroker({ scheduler, latency: 1, ...options })
  return {
    scheduler,
    broker,
    link: (clientId, options = {}) =>
      linkOver(broker.transport({ clientId, ...options }), { scheduler, ...options }),
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
