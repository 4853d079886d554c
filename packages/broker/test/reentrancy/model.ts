import { names } from './acts.js'
import type { Name, Publisher, Publishing } from './acts.js'

/** A message that was published. */
export interface Sent {
  readonly by: Publisher
  readonly topic: string
  /** Which one it is. */
  readonly text: string
}

/** Whether a filter selects a topic, by the letter of the norm; it shares nothing with the broker. */
export function selects(
  [head, ...filter]: readonly string[],
  [first, ...levels]: readonly string[],
): boolean {
  if (head === '#') return true
  if (head === undefined || first === undefined) return head === first
  return (head === '+' || head === first) && selects(filter, levels)
}

/** What each client is to get: every message published while it is subscribed to its topic, and nothing else. */
export class Model {
  readonly filters: Readonly<Record<Name, Set<string>>>
  readonly due: Readonly<Record<Name, Sent[]>> = { healthy: [], inside: [], small: [], stuck: [], away: [] }
  #count = 0

  constructor(filters: Readonly<Record<Name, readonly string[]>>) {
    const { healthy, inside, small, stuck, away } = filters
    this.filters = {
      healthy: new Set(healthy),
      inside: new Set(inside),
      small: new Set(small),
      stuck: new Set(stuck),
      away: new Set(away),
    }
  }

  /** Takes a message, and returns what to call it. */
  publish({ by, topic, qos }: Publishing): string {
    const text = `${by}${++this.#count}`
    for (const name of names) {
      // Nothing waits at QoS 0 for who is away.
      if (name === 'away' && qos === 0) continue
      if ([...this.filters[name]].some((filter) => selects(filter.split('/'), topic.split('/')))) {
        this.due[name].push({ by, topic, text })
      }
    }
    return text
  }
}
