import type { Link } from '@antiphon/core'
import { observed, type EventSink } from '@antiphon/core/events'
import { virtualBroker, type ScriptedFault, type VirtualLinkOptions } from '@antiphon/testing'
import { asyncScheduler } from 'rxjs'

/** The options of `connect` that the playground understands, named as in `@antiphon/mqtt`. */
export interface PlaygroundLinkOptions extends Omit<
  VirtualLinkOptions,
  'sessionExpiryInterval' | 'receiveMaximum'
> {
  readonly properties?: Pick<VirtualLinkOptions, 'sessionExpiryInterval' | 'receiveMaximum'>
}

/** The broker of a run. */
export interface PlaygroundBroker {
  /** Connects a client as `connect` of `@antiphon/mqtt`, to this broker whatever the URL. */
  readonly connect: (url: string, options?: PlaygroundLinkOptions) => Link
  /** Closes all links. */
  readonly close: () => Promise<void>
}

/** The options of `playgroundBroker`. */
export interface PlaygroundBrokerOptions {
  readonly latency: number
  readonly faults: readonly ScriptedFault[]
  /** Receives what happens on all links. */
  readonly sink: EventSink
}

/** As by default, but without chance, so that a program runs alike each time. */
const reconnect = { jitter: 0 }

/** Returns a broker whose clock is that of the global timers, and plays the faults from now on. */
export function playgroundBroker({ latency, faults, sink }: PlaygroundBrokerOptions): PlaygroundBroker {
  const broker = virtualBroker({ scheduler: asyncScheduler, latency })
  const observe = observed(sink, { payloadBytes: 200 })
  const links: Link[] = []
  broker.play(faults)
  return {
    connect: (_, { properties = {}, clean = false, ...options } = {}) => {
      const session = { clean, sessionExpiryInterval: clean ? 0 : 300, ...properties }
      const link = observe(broker.link({ reconnect, ...session, ...options }))
      links.push(link)
      return link
    },
    close: async () => {
      await Promise.all(links.map((link) => link.close()))
    },
  }
}
