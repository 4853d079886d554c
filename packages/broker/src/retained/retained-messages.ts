import { TopicTree, type TopicSearch } from '@antiphon/core/topic'
import type { Deadline, Deadlines } from '@antiphon/core/link'
import type { Limits } from '../limits.js'
import { isReservedTopic } from '../packet/topic-limits.js'
import type { Publication } from '../packet/publication.js'

/** Records the changes of the retained messages for the storage. */
export interface RetainedJournal {
  /** Records the retained message of a topic, or that the topic has none any more. */
  readonly retained: (topic: string, publication: Publication | undefined) => void
}

/** The components that the retained messages use. */
export interface RetainedMessagesHost {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly now: () => number
  readonly journal: RetainedJournal | undefined
}

/** The retained messages, one for each topic. */
export class RetainedMessages implements Iterable<Publication> {
  readonly #messages = new TopicTree<Publication>()
  readonly #expiries = new Map<Publication, Deadline>()
  readonly #host: RetainedMessagesHost
  #bytes = 0
  #latestSequence = 0

  constructor(host: RetainedMessagesHost) {
    this.#host = host
  }

  get count(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The sequence number of the message that was retained last; later messages have higher ones. */
  get latestSequence(): number {
    return this.#latestSequence
  }

  /**
   * Replaces the retained message of a topic [MQTT-3.3.1-5]; an empty payload removes it [MQTT-3.3.1-6/7]. Returns
   * `false` if a limit is reached.
   */
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
    if (previous !== undefined) this.#release(previous)
    this.#add(publication)
    if (isStored(topic)) journal?.retained(topic, publication)
    return true
  }

  /** Adds a stored message after a restart. */
  restore(publication: Publication): void {
    this.#add(publication)
  }

  /** Whether a message is still the retained message of its topic. */
  isCurrent(publication: Publication): boolean {
    return this.#messages.get(publication.topic) === publication
  }

  /** Returns the unexpired messages [MQTT-3.3.2-5] that match a filter, in the order of publishing. */
  matching(filter: string): Publication[] {
    const now = this.#host.now()
    const matching: Publication[] = []
    this.#messages.matchFilter(filter, (publication) => {
      if (!publication.isExpired(now)) matching.push(publication)
    })
    return matching.sort((one, other) => one.retainSequence - other.retainSequence)
  }

  /** Begins a search for the messages that match a filter, in steps. */
  search(filter: string): TopicSearch<Publication> {
    return this.#messages.search(filter)
  }

  *[Symbol.iterator](): Iterator<Publication> {
    for (const [, publication] of this.#messages) yield publication
  }

  #add(publication: Publication): void {
    const { deadlines, now } = this.#host
    const { topic, size, expiresAt } = publication
    publication.retainSequence = ++this.#latestSequence
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
    this.#release(publication)
    const { topic } = publication
    if (isStored(topic)) this.#host.journal?.retained(topic, undefined)
  }

  #release(publication: Publication): void {
    this.#expiries.get(publication)?.cancel()
    this.#expiries.delete(publication)
    this.#bytes -= publication.size
  }
}

/** Whether a retained message is written to the storage: after a restart, those of the broker itself would be out of date. */
function isStored(topic: string): boolean {
  return !isReservedTopic(topic)
}
