import { AntiphonError } from '../errors.js'
import { hasWildcard, isSharedFilter } from '../topic/topic-filter.js'
import type { Grant } from './link.js'
import { subscribeForeseen, subscribeRefused } from './refusals.js'
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

/** What a negotiation works with. */
export interface NegotiationParts {
  readonly transport: Transport
  /** The most filters in one packet. */
  readonly filtersPerSubscribe: number
  readonly outcome: NegotiationOutcome
}

/** Brings what the broker has to what is wanted here, with as few packets as it takes and one at a time per filter. */
export class Negotiation {
  readonly #parts: NegotiationParts
  #grant: Grant | undefined
  /** Counts connections and losses, so that the answer of a connection that is gone can be told. */
  #era = 0

  constructor(parts: NegotiationParts) {
    this.#parts = parts
  }

  /** There is a connection, which allows this. */
  connected(grant: Grant): void {
    this.#grant = grant
    this.#era++
  }

  /** The connection is gone: no answer will come for what was asked. */
  disconnected(subscriptions: Iterable<Subscription>): void {
    this.#grant = undefined
    this.#era++
    for (const subscription of subscriptions) {
      if (!subscription.isBusy) continue
      subscription.isBusy = false
      subscription.standing = 'unknown'
    }
  }

  /** Asks the broker for what differs; `onReady` once it has answered for what is wanted, at once where nothing is. */
  reconcile(subscriptions: readonly Subscription[], onReady?: () => void): void {
    const toSubscribe: Subscription[] = []
    const toUnsubscribe: Subscription[] = []
    const hopeless: [Subscription, AntiphonError][] = []
    for (const subscription of subscriptions) {
      const { isWanted, standing, isBusy, isAwaited, request } = subscription
      if (isBusy) continue
      if (!isWanted && standing === 'absent') this.#parts.outcome.gone(subscription)
      else if (this.#grant === undefined) continue
      else if (!isWanted) toUnsubscribe.push(subscription)
      else if (isAwaited) {
        const error = foreseen(request.filter, this.#grant)
        if (error === undefined) toSubscribe.push(subscription)
        else hopeless.push([subscription, error])
      }
    }
    this.#ask(toSubscribe, toUnsubscribe, onReady)
    for (const [subscription, error] of hopeless) this.#refuse(subscription, error)
  }

  #ask(
    toSubscribe: readonly Subscription[],
    toUnsubscribe: readonly Subscription[],
    onReady?: () => void,
  ): void {
    const era = this.#era
    const batches = this.#batches(toSubscribe)
    let outstanding = batches.length
    const answered = (): void => {
      if (--outstanding === 0 && this.#era === era) onReady?.()
    }
    // All of them before the first is sent: an answer within the call must not find another half asked for.
    for (const subscription of [...toSubscribe, ...toUnsubscribe]) subscription.isBusy = true
    for (const batch of batches) this.#subscribe(batch, answered)
    for (const batch of chunks(toUnsubscribe, this.#parts.filtersPerSubscribe)) this.#unsubscribe(batch)
    if (batches.length === 0) onReady?.()
  }

  /** Filters that share a SUBSCRIBE share its subscription identifier, so those that overlap go apart. */
  #batches(subscriptions: readonly Subscription[]): readonly (readonly Subscription[])[] {
    const kinds = new Map<number, Subscription[]>()
    for (const subscription of subscriptions) {
      const kind = this.#grant?.subscriptionIdentifiers ? subscription.identifier : 0
      const alike = kinds.get(kind)
      if (alike === undefined) kinds.set(kind, [subscription])
      else alike.push(subscription)
    }
    return [...kinds.values()].flatMap((alike) => chunks(alike, this.#parts.filtersPerSubscribe))
  }

  #subscribe(batch: readonly Subscription[], answered: () => void): void {
    const era = this.#era
    const identifier = this.#grant?.subscriptionIdentifiers ? batch[0]?.identifier : undefined
    const requests = batch.map(({ request }) => request)
    this.#parts.transport.subscribe$(requests, identifier).subscribe({
      next: (codes) => {
        if (this.#era !== era) return
        batch.forEach((subscription, place) => {
          subscription.isBusy = false
          const code = codes[place] ?? 0x80
          if (code === 0 || code === 1 || code === 2) {
            subscription.standing = 'present'
            // Left and asked for anew with other options meanwhile, it is asked for again.
            const isAsAsked = subscription.request === requests[place]
            if (subscription.isWanted && isAsAsked) this.#parts.outcome.granted(subscription, code)
            else this.reconcile([subscription])
          } else this.#refuse(subscription, subscribeRefused(subscription.request.filter, code))
        })
        this.#parts.outcome.settled()
      },
      error: (error: unknown) => {
        if (this.#era !== era) return
        const known = AntiphonError.from(error)
        const isLost = this.#interrupt(batch, known)
        if (!isLost) for (const subscription of batch) this.#refuse(subscription, known)
        this.#parts.outcome.settled()
        if (!isLost) answered()
      },
      complete: answered,
    })
  }

  #unsubscribe(batch: readonly Subscription[]): void {
    const era = this.#era
    const answered = (): void => {
      for (const subscription of batch) {
        subscription.isBusy = false
        subscription.standing = 'absent'
      }
      this.reconcile(batch)
    }
    this.#parts.transport.unsubscribe$(batch.map(({ request }) => request.filter)).subscribe({
      error: (error: unknown) => {
        if (this.#era !== era || this.#interrupt(batch, AntiphonError.from(error))) return
        // The transport will not have it; to insist would change nothing.
        answered()
      },
      complete: () => {
        if (this.#era === era) answered()
      },
    })
  }

  /** No answer came; tells whether the connection is to blame, in which case all is left to the next one. */
  #interrupt(batch: readonly Subscription[], { code }: AntiphonError): boolean {
    const isLost = code === 'connection-lost'
    for (const subscription of batch) {
      subscription.isBusy = false
      if (isLost) subscription.standing = 'unknown'
    }
    return isLost
  }

  /** What the broker had before, it may still have. */
  #refuse(subscription: Subscription, error: AntiphonError): void {
    this.#parts.outcome.refused(subscription, error)
    this.reconcile([subscription])
  }
}

/** What the broker said at connect that it would refuse. */
function foreseen(filter: string, grant: Grant): AntiphonError | undefined {
  if (!grant.sharedSubscriptions && isSharedFilter(filter)) return subscribeForeseen(filter, 0x9e)
  if (!grant.wildcardSubscriptions && hasWildcard(filter)) return subscribeForeseen(filter, 0xa2)
  return undefined
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  for (let start = 0; start < all.length; start += size) parts.push(all.slice(start, start + size))
  return parts
}
