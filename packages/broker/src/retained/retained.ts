import { TopicTree } from '@antiphon/core/topic'
import type { Deadline, Deadlines } from '@antiphon/core/link'
import type { Limits } from '../limits.js'
import type { Publication } from '../packet/publication.js'
import type { Journal } from '../storage/journal.js'

/** What the retained messages need around them. */
export interface RetainedHost {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly now: () => number
  readonly journal: Journal | undefined
}

/** The last retained message of each topic. */
export class Retained implements Iterable<Publication> {
  readonly #messages = new TopicTree<Publication>()
  readonly #expiries = new Map<Publication, Deadline>()
  readonly #host: RetainedHost
  #bytes = 0
  #latest = 0

  constructor(host: RetainedHost) {
    this.#host = host
  }

  get count(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The number of the message retained last; each has a higher one than all before it. */
  get latest(): number {
    return this.#latest
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
    if (previous !== undefined) this.#forget(previous)
    this.#keep(publication)
    journal?.retained(topic, publication)
    return true
  }

  /** Takes back a message that the storage kept. */
  restore(publication: Publication): void {
    this.#keep(publication)
  }

  /** Whether this very message is still the one its topic retains. */
  isCurrent(publication: Publication): boolean {
    return this.#messages.get(publication.topic) === publication
  }

  /** The retained messages that a filter selects, as far as they were retained by `latest`, and have not expired [MQTT-3.3.2-5]. */
  matching(filter: string, latest: number = this.#latest): Publication[] {
    const now = this.#host.now()
    const found: Publication[] = []
    this.#messages.matchFilter(filter, (publication) => {
      if (publication.retainedAs <= latest && !publication.isExpired(now)) found.push(publication)
    })
    return found
  }

  *[Symbol.iterator](): Iterator<Publication> {
    for (const [, publication] of this.#messages) yield publication
  }

  #keep(publication: Publication): void {
    const { deadlines, now } = this.#host
    const { topic, size, expiresAt } = publication
    publication.retainedAs = ++this.#latest
    this.#messages.set(topic, publication)
    this.#bytes += size
    if (expiresAt === Infinity) return
    this.#expiries.set(
      publication,
      deadlines.add(expiresAt - now(), () => this.#remove(publication)),
    )
  }

  #remove(publication: Publication): void {
    this.#messages.delete(publication.topic)
    this.#forget(publication)
    this.#host.journal?.retained(publication.topic, undefined)
  }

  #forget(publication: Publication): void {
    this.#expiries.get(publication)?.cancel()
    this.#expiries.delete(publication)
    this.#bytes -= publication.size
  }
}
