import type { BrokerEvent, SessionInfo } from '@antiphon/broker'
import { covers } from '@antiphon/core/topic'

/** The subscriptions of each client, recorded when they are granted, so that the filters of one packet count at once. */
export class GrantedSubscriptions {
  readonly #filters = new Map<string, Set<string>>()
  #isRestored = false

  /** Adds the subscriptions of sessions that the broker restored from its storage. Does so on the first call only. */
  restore(sessions: () => readonly SessionInfo[]): void {
    if (this.#isRestored) return
    this.#isRestored = true
    for (const { clientId, subscriptions } of sessions())
      for (const { filter } of subscriptions) this.add(clientId, filter)
  }

  add(clientId: string, filter: string): void {
    const filters = this.#filters.get(clientId) ?? new Set()
    this.#filters.set(clientId, filters.add(filter))
  }

  /** Removes the subscriptions that a broker event ended. */
  handleEvent(event: BrokerEvent): void {
    if (event.type === 'session-ended') this.#filters.delete(event.clientId)
    if (event.type === 'unsubscribed') this.#filters.get(event.clientId)?.delete(event.filter)
  }

  has(clientId: string, filter: string): boolean {
    return this.#filters.get(clientId)?.has(filter) === true
  }

  countOf(clientId: string): number {
    return this.#filters.get(clientId)?.size ?? 0
  }

  /** Counts the subscriptions of all clients that `outer` covers. */
  countWithin(outer: string): number {
    let count = 0
    for (const filters of this.#filters.values())
      for (const filter of filters) if (covers(outer, filter)) count++
    return count
  }
}
