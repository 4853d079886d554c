import type { BrokerEvent } from '@antiphon/broker'
import { covers } from '@antiphon/core/topic'

/** Who is subscribed to what, kept from the grant itself on, so that several filters of one packet count. */
export class SubscriptionLedger {
  readonly #filters = new Map<string, Set<string>>()

  add(clientId: string, filter: string): void {
    const filters = this.#filters.get(clientId) ?? new Set()
    this.#filters.set(clientId, filters.add(filter))
  }

  /** Takes note of what ended. */
  follow(event: BrokerEvent): void {
    if (event.type === 'session-ended') this.#filters.delete(event.clientId)
    if (event.type === 'unsubscribed') this.#filters.get(event.clientId)?.delete(event.filter)
  }

  has(clientId: string, filter: string): boolean {
    return this.#filters.get(clientId)?.has(filter) === true
  }

  countOf(clientId: string): number {
    return this.#filters.get(clientId)?.size ?? 0
  }

  /** How many subscriptions, of whomever, are within a filter. */
  countWithin(wide: string): number {
    let count = 0
    for (const filters of this.#filters.values())
      for (const filter of filters) if (covers(wide, filter)) count++
    return count
  }
}
