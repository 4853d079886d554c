import { TopicTree } from '@antiphon/core'
import type { Limits } from '../limits.js'
import type { Publication } from '../packet/publication.js'
import type { Journal } from '../storage/journal.js'

/** What the retained messages need around them. */
export interface RetainedHost {
  readonly limits: Limits
  readonly now: () => number
  readonly journal: Journal | undefined
}

/** The last retained message of each topic. */
export class Retained {
  readonly #messages = new TopicTree<Publication>()
  readonly #host: RetainedHost
  #bytes = 0

  constructor(host: RetainedHost) {
    this.#host = host
  }

  get count(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a message instead of its topic's last one [MQTT-3.3.1-5]; an empty one only removes [MQTT-3.3.1-6/7]. */
  store(publication: Publication): boolean {
    const { topic, payload, size } = publication
    const { limits, journal } = this.#host
    const previous = this.#messages.get(topic)
    if (payload.length === 0) {
      if (previous !== undefined) this.#remove(previous)
      return true
    }
    const bytes = this.#bytes + size - (previous?.size ?? 0)
    const count = this.#messages.size + (previous === undefined ? 1 : 0)
    if (count > limits.retainedMessages || bytes > limits.retainedBytes) return false
    this.#messages.set(topic, publication)
    this.#bytes = bytes
    journal?.retained(topic, publication)
    return true
  }

  /** Takes back a message that the storage kept. */
  restore(publication: Publication): void {
    this.#messages.set(publication.topic, publication)
    this.#bytes += publication.size
  }

  /** Whether this very message is still the one its topic retains. */
  isCurrent(publication: Publication): boolean {
    return this.#messages.get(publication.topic) === publication
  }

  /** The retained messages a filter selects; expired ones go for good [MQTT-3.3.2-5]. */
  matching(filter: string): Publication[] {
    const now = this.#host.now()
    const found: Publication[] = []
    this.#messages.matchFilter(filter, (publication) => {
      if (publication.isExpired(now)) this.#remove(publication)
      else found.push(publication)
    })
    return found
  }

  #remove(publication: Publication): void {
    this.#messages.delete(publication.topic)
    this.#bytes -= publication.size
    this.#host.journal?.retained(publication.topic, undefined)
  }
}
