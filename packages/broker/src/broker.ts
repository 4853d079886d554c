import { linkOver } from '@antiphon/core'
import type { Link, Transport } from '@antiphon/core'
import { Subject } from 'rxjs'
import type { Observable } from 'rxjs'
import type { Channel } from './connection/channel.js'
import { Connection } from './connection/connection.js'
import { createEngine } from './engine.js'
import type { BrokerEvent } from './events.js'
import { listen } from './listen/listen.js'
import type { ListenOptions, Listener } from './listen/listen.js'
import type { LocalClientOptions, LocalLinkOptions } from './local/local-options.js'
import { localTransport } from './local/local-transport.js'
import { resolveOptions } from './options.js'
import type { BrokerOptions } from './options.js'
import { Reason } from './packet/reason.js'

/** A running broker. */
export interface Broker {
  /** What happens in the broker. Hot; never errors; completes when the broker is closed. */
  readonly events$: Observable<BrokerEvent>
  /** Accepts connections at an address, any number of times; resolves when it does. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /** A client's conversation with the broker without a socket, as `linkOver` takes it. */
  readonly transport: (options?: LocalClientOptions) => Transport
  /** A link to the broker without a socket. */
  readonly link: (options?: LocalLinkOptions) => Link
  /** Stops listening, says goodbye to every client, lets what is under way end, and resolves when nothing is left. */
  readonly close: () => Promise<void>
}

/** Starts a broker; it accepts nobody until it is told where to listen. */
export function createBroker(options: BrokerOptions = {}): Broker {
  const settings = resolveOptions(options)
  const events = new Subject<BrokerEvent>()
  const engine = createEngine(settings, events, undefined)
  const listeners = new Set<Listener>()
  const { guests } = engine

  const accept = (channel: Channel): void => {
    if (guests.size >= settings.limits.connections) return channel.destroy()
    const connection = new Connection(engine, channel, () => guests.delete(connection))
    guests.add(connection)
  }

  return {
    events$: events.asObservable(),
    listen: async (where) => {
      const listener = await listen(where, accept)
      listeners.add(listener)
      engine.emit({ type: 'listening', url: listener.url })
      return listener
    },
    transport: (client = {}) => localTransport(engine, client),
    link: (link = {}) => linkOver(localTransport(engine, link), { ...link, scheduler: settings.scheduler }),
    close: async () => {
      const closing = [...listeners].map((listener) => listener.close())
      for (const guest of guests) guest.disconnect(Reason.serverShuttingDown, 'the broker is shutting down')
      await Promise.all(closing)
      events.complete()
    },
  }
}
