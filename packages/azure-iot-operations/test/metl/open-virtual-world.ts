import { linkOver } from '@antiphon/core/link'
import type { MetlWorld, WorldOptions } from './metl-world.js'
import { transportStub } from './transport-stub.js'
import { virtualClock } from './virtual-clock.js'

/** The virtual milliseconds for which a case waits at most. */
const LIMIT = 600_000

/** Opens a world of level 1: a stub at the port of the transport, on virtual time. */
export function openVirtualWorld(options: WorldOptions): MetlWorld {
  const clock = virtualClock()
  const { transport, peer } = transportStub(options)
  const link = linkOver(transport, { scheduler: clock.scheduler })
  return {
    link,
    peer,
    until: async (isReached, what) => {
      if (clock.runUntil(isReached, LIMIT)) return
      throw new Error(`${what} has not happened${clock.isFrozen ? ' while time is frozen' : ''}`)
    },
    settle: async () => {
      clock.advance(0)
    },
    sleep: async (milliseconds) => clock.advance(milliseconds),
    freeze: () => {
      clock.isFrozen = true
    },
    unfreeze: () => {
      clock.isFrozen = false
    },
    close: async () => {
      clock.isFrozen = false
      const closed = link.close()
      clock.advance(LIMIT)
      await closed
    },
  }
}
