import { AntiphonError } from '../errors.js'
import { hasWildcard, isSharedFilter } from '../topic/topic-filter.js'
import type { ConnectionInfo } from './link.js'
import { subscribeUnsupported, subscribeRefused } from './refusals.js'
import type { FilterSubscription } from './filter-subscription.js'
import type { Transport } from './transport.js'

/** What becomes of the subscriptions that were negotiated. */
export interface NegotiationOutcome {
  readonly granted: (subscription: FilterSubscription, qos: 0 | 1 | 2) => void
  readonly refused: (subscription: FilterSubscription, error: AntiphonError) => void
  /** Neither wanted here nor known to the broker. */
  readonly gone: (subscription: FilterSubscription) => void
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
  #info: ConnectionInfo | undefined
  /** Counts connections and losses, so that the answer of a connection that is gone can be told. */
  #epoch = 0

  constructor(parts: NegotiationParts) {
    this.#parts = parts
  }

  /** There is a connection, which allows this. */
  connected(info: ConnectionInfo): void {
    this.#info = info
    this.#epoch++
  }

  /** The connection is gone: no answer will come for what was asked. */
  disconnected(subscriptions: Iterable<FilterSubscription>): void {
    this.#info = undefined
    this.#epoch++
    for (const subscription of subscriptions) {
      if (!subscription.isBusy) continue
      subscription.isBusy = false
      subscription.brokerState = 'unknown'
    }
  }

  /** Asks the broker for what differs; `onReady` once it has answered for what is wanted, at once where nothing is. */
  reconcile(subscriptions: readonly FilterSubscription[], onReady?: () => void): void {
    const toSubscribe: FilterSubscription[] = []
    const toUnsubscribe: FilterSubscription[] = []
    const hopeless: [FilterSubscription, AntiphonError][] = []
    for (const subscription of subscriptions) {
      const { isWanted, brokerState: standing, isBusy, isAwaited, request } = subscription
      if (isBusy) continue
      if (!isWanted && standing === 'absent') this.#parts.outcome.gone(subscription)
      else if (this.#info === undefined) continue
      else if (!isWanted) toUnsubscribe.push(subscription)
      else if (isAwaited) {
        const error = unsupported(request.filter, this.#info)
        if (error === undefined) toSubscribe.push(subscription)
        else hopeless.push([subscription, error])
      }
    }
    this.#send(toSubscribe, toUnsubscribe, onReady)
    for (const [subscription, error] of hopeless) this.#refuse(subscription, error)
  }

  #send(
    toSubscribe: readonly FilterSubscription[],
    toUnsubscribe: readonly FilterSubscription[],
    onReady?: () => void,
  ): void {
    const era = this.#epoch
    const batches = this.#batches(toSubscribe)
    let outstanding = batches.length
    const answered = (): void => {
      if (--outstanding === 0 && this.#epoch === era) onReady?.()
    }
    // All of them before the first is sent: an answer within the call must not find another half asked for.
    for (const subscription of [...toSubscribe, ...toUnsubscribe]) subscription.isBusy = true
    for (const batch of batches) this.#subscribe(batch, answered)
    for (const batch of chunks(toUnsubscribe, this.#parts.filtersPerSubscribe)) this.#unsubscribe(batch)
    if (batches.length === 0) onReady?.()
  }

  /** Filters that share a SUBSCRIBE share its subscription identifier, so those that overlap go apart. */
  #batches(subscriptions: readonly FilterSubscription[]): readonly (readonly FilterSubscription[])[] {
    const kinds = new Map<number, FilterSubscription[]>()
    for (const subscription of subscriptions) {
      const kind = this.#info?.subscriptionIdentifiers ? subscription.identifier : 0
      const alike = kinds.get(kind)
      if (alike === undefined) kinds.set(kind, [subscription])
      else alike.push(subscription)
    }
    return [...kinds.values()].flatMap((alike) => chunks(alike, this.#parts.filtersPerSubscribe))
  }

  #subscribe(batch: readonly FilterSubscription[], answered: () => void): void {
    const era = this.#epoch
    const identifier = this.#info?.subscriptionIdentifiers ? batch[0]?.identifier : undefined
    const requests = batch.map(({ request }) => request)
    this.#parts.transport.subscribe$(requests, identifier).subscribe({
      next: (codes) => {
        if (this.#epoch !== era) return
        batch.forEach((subscription, place) => {
          subscription.isBusy = false
          const code = codes[place] ?? 0x80
          if (code === 0 || code === 1 || code === 2) {
            subscription.brokerState = 'present'
            // Left and asked for anew with other options meanwhile, it is asked for again.
            const isAsAsked = subscription.request === requests[place]
            if (subscription.isWanted && isAsAsked) this.#parts.outcome.granted(subscription, code)
            else this.reconcile([subscription])
          } else this.#refuse(subscription, subscribeRefused(subscription.request.filter, code))
        })
        this.#parts.outcome.settled()
      },
      error: (error: unknown) => {
        if (this.#epoch !== era) return
        const known = AntiphonError.from(error)
        const isLost = this.#interrupt(batch, known)
        if (!isLost) for (const subscription of batch) this.#refuse(subscription, known)
        this.#parts.outcome.settled()
        if (!isLost) answered()
      },
      complete: answered,
    })
  }

  #unsubscribe(batch: readonly FilterSubscription[]): void {
    const era = this.#epoch
    const answered = (): void => {
      for (const subscription of batch) {
        subscription.isBusy = false
        subscription.brokerState = 'absent'
      }
      this.reconcile(batch)
    }
    this.#parts.transport.unsubscribe$(batch.map(({ request }) => request.filter)).subscribe({
      error: (error: unknown) => {
        if (this.#epoch !== era || this.#interrupt(batch, AntiphonError.from(error))) return
        // The transport will not have it; to insist would change nothing.
        answered()
      },
      complete: () => {
        if (this.#epoch === era) answered()
      },
    })
  }

  /** No answer came; tells whether the connection is to blame, in which case all is left to the next one. */
  #interrupt(batch: readonly FilterSubscription[], { code }: AntiphonError): boolean {
    const isLost = code === 'connection-lost'
    for (const subscription of batch) {
      subscription.isBusy = false
      if (isLost) subscription.brokerState = 'unknown'
    }
    return isLost
  }

  /** What the broker had before, it may still have. */
  #refuse(subscription: FilterSubscription, error: AntiphonError): void {
    this.#parts.outcome.refused(subscription, error)
    this.reconcile([subscription])
  }
}

/** What the broker said at connect that it would refuse. */
function unsupported(filter: string, info: ConnectionInfo): AntiphonError | undefined {
  if (!info.sharedSubscriptions && isSharedFilter(filter)) return subscribeUnsupported(filter, 0x9e)
  if (!info.wildcardSubscriptions && hasWildcard(filter)) return subscribeUnsupported(filter, 0xa2)
  return undefined
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  for (let start = 0; start < all.length; start += size) parts.push(all.slice(start, start + size))
  return parts
}
