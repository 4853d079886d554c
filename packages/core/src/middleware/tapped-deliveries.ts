import { Observable, Subscriber } from 'rxjs'
import type { Delivery } from '../link/link.js'

/** Changes the deliveries of a window. */
export type DeliveriesTap = (deliveries$: Observable<Delivery>) => Observable<Delivery>

/** The state of one subscription to tapped deliveries. */
interface TapState {
  /** Whether the link is delivering, so that it catches what a subscriber throws. */
  isDelivering: boolean
  readonly thrown: unknown[]
}

/**
 * Applies a tap to the deliveries of a window such that a subscriber that throws does so to the link, as without the tap.
 * The operators of RxJS would turn its error into one of the stream, which ends the subscriber.
 */
export function tappedDeliveries$(
  deliveries$: Observable<Delivery>,
  tap: DeliveriesTap,
): Observable<Delivery> {
  return new Observable((subscriber) => {
    const state: TapState = { isDelivering: false, thrown: [] }
    const source$ = new Observable<Delivery>((destination) =>
      deliveries$.subscribe(new RethrowingSubscriber(destination, state)),
    )
    return tap(source$).subscribe({
      next: (delivery) => {
        try {
          subscriber.next(delivery)
        } catch (error) {
          // If the tap delays deliveries, RxJS reports the error.
          if (!state.isDelivering) throw error
          state.thrown.push(error)
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    })
  })
}

/** Throws to the link what was thrown behind the tap. */
class RethrowingSubscriber extends Subscriber<Delivery> {
  readonly #state: TapState

  constructor(destination: Subscriber<Delivery>, state: TapState) {
    super(destination)
    this.#state = state
  }

  protected override _next(delivery: Delivery): void {
    const { isDelivering, thrown } = this.#state
    this.#state.isDelivering = true
    try {
      super._next(delivery)
    } finally {
      this.#state.isDelivering = isDelivering
    }
    if (thrown.length > 0) throw thrown.shift()
  }
}
