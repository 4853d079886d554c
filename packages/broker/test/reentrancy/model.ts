import { clientNames } from './scenario.js'
import type { ClientName, Publisher, PublishAction } from './scenario.js'

/** A published message. */
export interface PublishedMessage {
  readonly by: Publisher
  readonly topic: string
  /** The unique text of the message. */
  readonly text: string
}

/** Returns whether a filter matches a topic, implemented independently of the broker. */
export function matches(
  [head, ...filter]: readonly string[],
  [first, ...levels]: readonly string[],
): boolean {
  if (head === '#') return true
  if (head === undefined || first === undefined) return head === first
  return (head === '+' || head === first) && matches(filter, levels)
}

/** A model of routing: each client receives every message published while it is subscribed to its topic. */
export class RoutingModel {
  readonly filters: Readonly<Record<ClientName, Set<string>>>
  readonly expected: Readonly<Record<ClientName, PublishedMessage[]>> = {
    healthy: [],
    inside: [],
    small: [],
    blocked: [],
    offline: [],
  }
  #count = 0

  constructor(filters: Readonly<Record<ClientName, readonly string[]>>) {
    const { healthy, inside, small, blocked, offline } = filters
    this.filters = {
      healthy: new Set(healthy),
      inside: new Set(inside),
      small: new Set(small),
      blocked: new Set(blocked),
      offline: new Set(offline),
    }
  }

  /** Routes a message and returns its unique text. */
  publish({ by, topic, qos }: PublishAction): string {
    const text = `${by}${++this.#count}`
    for (const name of clientNames) {
      // QoS 0 messages are not queued for an offline client.
      if (name === 'offline' && qos === 0) continue
      if ([...this.filters[name]].some((filter) => matches(filter.split('/'), topic.split('/')))) {
        this.expected[name].push({ by, topic, text })
      }
    }
    return text
  }
}
