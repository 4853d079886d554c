import { Subject } from 'rxjs'
import type { Observable } from 'rxjs'
import type { Channel } from './connection/channel.js'
import { Connection } from './connection/connection.js'
import { createEngine } from './engine.js'
import type { BrokerEvent } from './events.js'
import { listen } from './listen/listen.js'
import type { ListenOptions, Listener } from './listen/listen.js'
import { resolveOptions } from './options.js'
import type { BrokerOptions } from './options.js'
import { Reason } from './packet/reason.js'

/** A running broker. */
export interface Broker {
  /** What happens in the broker. Hot; never errors; completes when the broker is closed. */
  readonly events$: Observable<BrokerEvent>
  /** Accepts connections at an address, any number of times; resolves when it does. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /** Stops listening, says goodbye to every client, lets what is under way end, and resolves when nothing is left. */
  readonly close: () => Promise<void>
}

/** Starts a broker; it accepts nobody until it is told where to listen. */
export function createBroker(options: BrokerOptions = {}): Broker {
  const settings = resolveOptions(options)
  const events = new Subject<BrokerEvent>()
  const engine = createEngine(settings, events, undefined)
  const listeners = new Set<Listener>()
  const connections = new Set<Connection>()

  const accept = (channel: Channel): void => {
    if (connections.size >= settings.limits.connections) return channel.destroy()
    const connection = new Connection(engine, channel, () => connections.delete(connection))
    connections.add(connection)
  }

  return {
    events$: events.asObservable(),
    listen: async (where) => {
      const listener = await listen(where, accept)
      listeners.add(listener)
      engine.emit({ type: 'listening', url: listener.url })
      return listener
    },
    close: async () => {
      const closing = [...listeners].map((listener) => listener.close())
      for (const connection of connections)
        connection.disconnect(Reason.serverShuttingDown, 'the broker is shutting down')
      await Promise.all(closing)
      events.complete()
    },
  }
}
