import { AntiphonError } from '../errors.js'
import { hasWildcard, isSharedFilter } from '../topic/topic-filter.js'
import type { Grant } from './link.js'
import { subscribeRefused } from './refusals.js'
import type { Subscription } from './subscription.js'
import type { Transport } from './transport.js'

/** What becomes of the subscriptions that were negotiated. */
export interface NegotiationOutcome {
  readonly granted: (subscription: Subscription, qos: 0 | 1 | 2) => void
  readonly refused: (subscription: Subscription, error: AntiphonError) => void
  /** Neither wanted here nor known to the broker. */
  readonly gone: (subscription: Subscription) => void
  /** One of the broker's answers has been worked in. */
  readonly settled: () => void
}

/** Brings what the broker has to what is wanted here, with as few packets as it takes and one at a time per filter. */
export class Negotiation {
  readonly #transport: Transport
  readonly #filtersPerSubscribe: number
  readonly #outcome: NegotiationOutcome
  #grant: Grant | undefined

  constructor(transport: Transport, filtersPerSubscribe: number, outcome: NegotiationOutcome) {
    this.#transport = transport
    this.#filtersPerSubscribe = filtersPerSubscribe
    this.#outcome = outcome
  }

  /** What the present connection allows; `undefined` while there is none. */
  set grant(grant: Grant | undefined) {
    this.#grant = grant
  }

  /** Asks the broker for what differs; `onReady` once its answers are in, at once where nothing differs. */
  reconcile(subscriptions: readonly Subscription[], onReady?: () => void): void {
    const toSubscribe: Subscription[] = []
    const toUnsubscribe: Subscription[] = []
    for (const subscription of subscriptions) {
      const { isWanted, standing, isBusy } = subscription
      if (isBusy) continue
      if (!isWanted && standing === 'absent') this.#outcome.gone(subscription)
      else if (this.#grant === undefined) continue
      else if (!isWanted) toUnsubscribe.push(subscription)
      else if (subscription.isAwaited) toSubscribe.push(subscription)
    }
    const batches = this.#grant === undefined ? [] : this.#batches(toSubscribe, this.#grant)
    let outstanding = batches.length
    const answered = (): void => {
      if (--outstanding === 0) onReady?.()
    }
    if (batches.length === 0) onReady?.()
    for (const batch of batches) this.#subscribe(batch, answered)
    if (toUnsubscribe.length > 0) this.#unsubscribe(toUnsubscribe)
  }

  /** Filters that share a SUBSCRIBE share its subscription identifier, so those that overlap go apart. */
  #batches(subscriptions: readonly Subscription[], grant: Grant): readonly Subscription[][] {
    const batches: Subscription[][] = []
    const open = new Map<number, Subscription[]>()
    for (const subscription of subscriptions) {
      const error = unavailable(subscription.request.filter, grant)
      if (error !== undefined) {
        this.#outcome.refused(subscription, error)
        continue
      }
      const kind = grant.subscriptionIdentifiers ? subscription.identifier : 0
      const batch = open.get(kind)
      if (batch !== undefined && batch.length < this.#filtersPerSubscribe) batch.push(subscription)
      else {
        const fresh = [subscription]
        open.set(kind, fresh)
        batches.push(fresh)
      }
    }
    return batches
  }

  #subscribe(batch: readonly Subscription[], answered: () => void): void {
    for (const subscription of batch) subscription.isBusy = true
    const identifier = this.#grant?.subscriptionIdentifiers ? batch[0]?.identifier : undefined
    const requests = batch.map(({ request }) => request)
    this.#transport.subscribe$(requests, identifier).subscribe({
      next: (codes) => {
        batch.forEach((subscription, place) => this.#answer(subscription, codes[place] ?? 0x80))
        this.#outcome.settled()
      },
      error: (error: unknown) => {
        this.#interrupt(batch, AntiphonError.from(error))
        answered()
      },
      complete: answered,
    })
  }

  #answer(subscription: Subscription, code: number): void {
    subscription.isBusy = false
    if (code === 0 || code === 1 || code === 2) {
      subscription.standing = 'present'
      if (subscription.isWanted) this.#outcome.granted(subscription, code)
      else this.reconcile([subscription])
      return
    }
    subscription.standing = 'absent'
    this.#outcome.refused(subscription, subscribeRefused(subscription.request.filter, code))
  }

  #unsubscribe(subscriptions: readonly Subscription[]): void {
    for (const subscription of subscriptions) subscription.isBusy = true
    const filters = subscriptions.map(({ request }) => request.filter)
    this.#transport.unsubscribe$(filters).subscribe({
      error: (error: unknown) => this.#interrupt(subscriptions, AntiphonError.from(error)),
      complete: () => {
        for (const subscription of subscriptions) {
          subscription.isBusy = false
          subscription.standing = 'absent'
        }
        this.reconcile(subscriptions)
      },
    })
  }

  /** No answer came. A lost connection leaves it to the next one; anything else was the request's own fault. */
  #interrupt(subscriptions: readonly Subscription[], error: AntiphonError): void {
    for (const subscription of subscriptions) {
      subscription.isBusy = false
      subscription.standing = 'unknown'
      if (error.code !== 'connection-lost') this.#outcome.refused(subscription, error)
    }
    this.#outcome.settled()
  }
}

/** What the broker said at connect that it would refuse. */
function unavailable(filter: string, grant: Grant): AntiphonError | undefined {
  if (!grant.sharedSubscriptions && isSharedFilter(filter)) return subscribeRefused(filter, 0x9e)
  if (!grant.wildcardSubscriptions && hasWildcard(filter)) return subscribeRefused(filter, 0xa2)
  return undefined
}
