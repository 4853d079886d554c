import type { Link } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { connect, type Tunnel } from '@antiphon/mqtt'
import type { MetlPeer, MetlWorld, OpenWorld, WorldOptions } from './metl-world.js'
import { Traffic } from './packet-stream.js'
import { packetStub } from './packet-stub.js'
import { packetProxy } from './packet-proxy.js'
import { embeddedBroker, mosquittoBroker } from './proxied-brokers.js'
import { transportStub } from './transport-stub.js'
import { virtualClock, type VirtualClock } from './virtual-clock.js'

/** The virtual milliseconds for which a case waits at most. */
const LIMIT = 600_000

/** Level 1: a stub at the port of the transport. */
export const overTransportStub: OpenWorld = (options) => {
  const clock = virtualClock()
  const { transport, peer } = transportStub(options)
  const link = linkOver(transport, { scheduler: clock.scheduler })
  return worldOf({ clock, link, peer, settled: async () => undefined })
}

/** Level 2: a stub of packets under `@antiphon/mqtt`. */
export const overPacketStub: OpenWorld = (options) => {
  const clock = virtualClock()
  const traffic = new Traffic()
  const { tunnel, peer } = packetStub(options, traffic)
  return worldOf({ clock, link: connectTo(tunnel, options, clock), peer, settled: () => traffic.settled() })
}

/** Level 3: the broker of `@antiphon/broker` and `@antiphon/mqtt`. */
export const overBroker: OpenWorld = (options) => {
  const clock = virtualClock()
  const traffic = new Traffic()
  const broker = embeddedBroker(options, traffic, clock.scheduler)
  const { tunnel, peer } = packetProxy(traffic, broker)
  const link = connectTo(tunnel, options, clock)
  return worldOf({
    clock,
    link,
    peer,
    settled: broker.settled,
    close: () => link.close().then(broker.close),
  })
}

/** Level 3 with Mosquitto, whose own time is that of the machine. */
export function overMosquitto(port: number): OpenWorld {
  return (options) => {
    const clock = virtualClock()
    const traffic = new Traffic()
    const broker = mosquittoBroker(options, traffic, port)
    const settled = async (): Promise<void> => {
      for (let seen = -1; seen !== traffic.count;) {
        await traffic.settled()
        seen = traffic.count
        await barrier()
        await traffic.settled()
      }
    }
    const { tunnel, peer, barrier } = packetProxy(traffic, { ...broker, settled })
    const link = connectTo(tunnel, options, clock)
    return worldOf({ clock, link, peer, settled, close: () => link.close().then(broker.close) })
  }
}

function connectTo(tunnel: Tunnel, { clientId }: WorldOptions, { scheduler }: VirtualClock): Link {
  // Keep Alive is not on virtual time.
  return connect('mqtt://metl', { tunnel, clientId, scheduler, keepalive: 0 })
}

/** What a world consists of. */
interface WorldParts {
  readonly clock: VirtualClock
  readonly link: Link
  readonly peer: MetlPeer
  /** Resolves when no packet is on its way. */
  readonly settled: () => Promise<void>
  /** @defaultValue closes the link */
  readonly close?: () => Promise<void>
}

function worldOf({ clock, link, peer, settled, close = () => link.close() }: WorldParts): MetlWorld {
  /** Runs timers until the condition holds; returns whether it does until `end`. */
  const runUntil = async (isReached: () => boolean, end: number): Promise<boolean> => {
    for (;;) {
      await settled()
      if (isReached()) return true
      if (!clock.step(end)) return false
    }
  }
  const never = (): boolean => false
  const send: MetlPeer['send'] = async (message, packetId) => {
    let isSent = false
    const sending = Promise.resolve(peer.send(message, packetId)).finally(() => {
      isSent = true
    })
    // A live broker has timers that are due at once, and its network takes time that is not virtual.
    while (!isSent) await runUntil(() => isSent, clock.elapsed())
    return sending
  }
  return {
    link,
    peer: { ...peer, send },
    until: async (isReached, what) => {
      if (await runUntil(isReached, clock.elapsed() + LIMIT)) return
      throw new Error(`${what} has not happened${clock.isFrozen ? ' while time is frozen' : ''}`)
    },
    settle: async () => void (await runUntil(never, clock.elapsed())),
    sleep: async (milliseconds) => {
      const end = clock.elapsed() + milliseconds
      await runUntil(never, end)
      clock.advanceTo(end)
    },
    freeze: () => {
      clock.isFrozen = true
    },
    unfreeze: () => {
      clock.isFrozen = false
    },
    close: async () => {
      clock.isFrozen = false
      let isClosed = false
      const closed = close().then(() => {
        isClosed = true
      })
      await runUntil(() => isClosed, clock.elapsed() + LIMIT)
      await closed
    },
  }
}
