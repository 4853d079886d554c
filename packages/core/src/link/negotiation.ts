import { AntiphonError } from '../errors.js'
import { hasWildcard, isSharedFilter } from '../topic/topic-filter.js'
import type { ConnectionInfo } from './link.js'
import { subscribeUnsupported, subscribeRefused, unsubscribeRefused } from './refusals.js'
import type { FilterSubscription } from './filter-subscription.js'
import type { Transport } from './transport.js'

/** Callbacks of a negotiation. */
export interface NegotiationListener {
  readonly onGranted: (subscription: FilterSubscription, qos: 0 | 1 | 2) => void
  readonly onRefused: (subscription: FilterSubscription, error: AntiphonError) => void
  readonly onUnsubscribeRefused: (error: AntiphonError) => void
  /** Called when a filter has no subscribers and no subscription at the broker. */
  readonly onUnused: (subscription: FilterSubscription) => void
  /** Called after each SUBACK or failed SUBSCRIBE has been processed. */
  readonly onAnswered: () => void
}

/** What a negotiation works with. */
export interface NegotiationParts {
  readonly transport: Transport
  /** The most filters in one packet. */
  readonly filtersPerSubscribe: number
  readonly listener: NegotiationListener
}

/** Sends SUBSCRIBE and UNSUBSCRIBE until the broker has the wanted subscriptions; one packet at a time per filter. */
export class Negotiation {
  readonly #parts: NegotiationParts
  #info: ConnectionInfo | undefined
  /** Changes with every connection and loss, to recognize acknowledgements of an earlier connection. */
  #epoch = 0

  constructor(parts: NegotiationParts) {
    this.#parts = parts
  }

  /** Starts negotiating on a new connection. */
  connected(info: ConnectionInfo): void {
    this.#info = info
    this.#epoch++
  }

  /** Ends negotiating: packets in flight will not be acknowledged. */
  disconnected(subscriptions: Iterable<FilterSubscription>): void {
    this.#info = undefined
    this.#epoch++
    for (const subscription of subscriptions) {
      if (!subscription.isBusy) continue
      subscription.isBusy = false
      subscription.brokerState = 'unknown'
    }
  }

  /**
   * Sends packets for the subscriptions whose state at the broker differs from the wanted one. Calls `onReady` after the
   * last SUBACK, or at once if there is nothing to subscribe to.
   */
  reconcile(subscriptions: readonly FilterSubscription[], onReady?: () => void): void {
    const toSubscribe: FilterSubscription[] = []
    const toUnsubscribe: FilterSubscription[] = []
    const toRefuse: [FilterSubscription, AntiphonError][] = []
    for (const subscription of subscriptions) {
      const { isWanted, brokerState, isBusy, isAwaited, request } = subscription
      if (isBusy) continue
      if (!isWanted && brokerState === 'absent') this.#parts.listener.onUnused(subscription)
      else if (this.#info === undefined) continue
      else if (!isWanted) toUnsubscribe.push(subscription)
      else if (isAwaited) {
        const error = unsupportedError(request.filter, this.#info)
        if (error === undefined) toSubscribe.push(subscription)
        else toRefuse.push([subscription, error])
      }
    }
    this.#send(toSubscribe, toUnsubscribe, onReady)
    for (const [subscription, error] of toRefuse) this.#refuse(subscription, error)
  }

  /** Sends SUBSCRIBE again for subscriptions that the broker should have; their windows stay open. */
  renew(subscriptions: readonly FilterSubscription[]): void {
    for (const batch of this.#batches(subscriptions)) {
      const identifier = this.#info?.subscriptionIdentifiers ? batch[0]?.identifier : undefined
      this.#parts.transport
        .subscribe$(
          batch.map(({ request }) => request),
          identifier,
        )
        .subscribe({
          // The next connection renews them again.
          error: () => undefined,
        })
    }
  }

  #send(
    toSubscribe: readonly FilterSubscription[],
    toUnsubscribe: readonly FilterSubscription[],
    onReady?: () => void,
  ): void {
    const epoch = this.#epoch
    const batches = this.#batches(toSubscribe)
    let outstanding = batches.length
    const onAnswered = (): void => {
      if (--outstanding === 0 && this.#epoch === epoch) onReady?.()
    }
    // Mark all before sending the first: a transport may answer synchronously and re-enter `reconcile`.
    for (const subscription of [...toSubscribe, ...toUnsubscribe]) subscription.isBusy = true
    for (const batch of batches) this.#subscribe(batch, onAnswered)
    for (const batch of chunks(toUnsubscribe, this.#parts.filtersPerSubscribe)) this.#unsubscribe(batch)
    if (batches.length === 0) onReady?.()
  }

  /** Groups filters by Subscription Identifier, which a SUBSCRIBE has once, so that overlapping filters are separate. */
  #batches(subscriptions: readonly FilterSubscription[]): readonly (readonly FilterSubscription[])[] {
    const groups = new Map<number, FilterSubscription[]>()
    for (const subscription of subscriptions) {
      const identifier = this.#info?.subscriptionIdentifiers ? subscription.identifier : 0
      const group = groups.get(identifier)
      if (group === undefined) groups.set(identifier, [subscription])
      else group.push(subscription)
    }
    return [...groups.values()].flatMap((group) => chunks(group, this.#parts.filtersPerSubscribe))
  }

  #subscribe(batch: readonly FilterSubscription[], onAnswered: () => void): void {
    const epoch = this.#epoch
    const identifier = this.#info?.subscriptionIdentifiers ? batch[0]?.identifier : undefined
    const requests = batch.map(({ request }) => request)
    this.#parts.transport.subscribe$(requests, identifier).subscribe({
      next: (codes) => {
        if (this.#epoch !== epoch) return
        batch.forEach((subscription, index) => {
          subscription.isBusy = false
          const code = codes[index] ?? 0x80
          if (code === 0 || code === 1 || code === 2) {
            subscription.brokerState = 'present'
            // If the options changed while the SUBSCRIBE was in flight, subscribe again.
            const isUnchanged = subscription.request === requests[index]
            if (subscription.isWanted && isUnchanged) this.#parts.listener.onGranted(subscription, code)
            else this.reconcile([subscription])
          } else this.#refuse(subscription, subscribeRefused(subscription.request.filter, code))
        })
        this.#parts.listener.onAnswered()
      },
      error: (error: unknown) => {
        if (this.#epoch !== epoch) return
        const failure = AntiphonError.from(error)
        const isLost = this.#release(batch, failure)
        if (!isLost) for (const subscription of batch) this.#refuse(subscription, failure)
        this.#parts.listener.onAnswered()
        if (!isLost) onAnswered()
      },
      complete: onAnswered,
    })
  }

  #unsubscribe(batch: readonly FilterSubscription[]): void {
    const epoch = this.#epoch
    const onAnswered = (): void => {
      for (const subscription of batch) {
        subscription.isBusy = false
        subscription.brokerState = 'absent'
      }
      this.reconcile(batch)
    }
    const filters = batch.map(({ request }) => request.filter)
    this.#parts.transport.unsubscribe$(filters).subscribe({
      next: (codes) => {
        codes.forEach((code, index) => {
          if (code < 0x80) return
          this.#parts.listener.onUnsubscribeRefused(unsubscribeRefused(filters[index] ?? '', code))
        })
      },
      error: (error: unknown) => {
        if (this.#epoch !== epoch || this.#release(batch, AntiphonError.from(error))) return
        // The transport rejected the packet, so a retry would fail as well.
        onAnswered()
      },
      complete: () => {
        if (this.#epoch === epoch) onAnswered()
      },
    })
  }

  /** Marks a batch as not in flight; returns whether it failed because the connection was lost. */
  #release(batch: readonly FilterSubscription[], { code }: AntiphonError): boolean {
    const isLost = code === 'connection-lost'
    for (const subscription of batch) {
      subscription.isBusy = false
      if (isLost) subscription.brokerState = 'unknown'
    }
    return isLost
  }

  /** Fails a subscription; unsubscribes if the broker may still have it from before. */
  #refuse(subscription: FilterSubscription, error: AntiphonError): void {
    this.#parts.listener.onRefused(subscription, error)
    this.reconcile([subscription])
  }
}

/** Returns the error of a filter that CONNACK rules out. */
function unsupportedError(filter: string, info: ConnectionInfo): AntiphonError | undefined {
  if (!info.sharedSubscriptions && isSharedFilter(filter)) return subscribeUnsupported(filter, 0x9e)
  if (!info.wildcardSubscriptions && hasWildcard(filter)) return subscribeUnsupported(filter, 0xa2)
  return undefined
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  for (let start = 0; start < all.length; start += size) parts.push(all.slice(start, start + size))
  return parts
}
