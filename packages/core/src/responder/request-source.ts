import {
  catchError,
  NEVER,
  Subscription,
  switchMap,
  take,
  tap,
  type Observable,
  type Observer,
  type Subscriber,
  type Unsubscribable,
} from 'rxjs'
import type { EndpointTypes } from '../endpoint-types.js'
import { linkMonitorOf, type LinkObserver } from '../link/link-monitor.js'
import type { Delivery, SubscribeOptions, SubscriptionWindow } from '../link/link.js'
import type { Deadline } from '../time/deadlines.js'
import { isSharedFilter } from '../topic/topic-filter.js'
import { RequestAuthentication, type Authenticate } from './authentication.js'
import { barrier$ } from '../link/barrier.js'
import { contextOf, type ReceivedRequest } from './received-request.js'
import { RequestReceiver, type RequestRules } from './request-receiver.js'
import { ResponderContext, type ResponderOptions } from './responder-context.js'

/** How a responder stops: it leaves its subscription, or keeps it for the next start. */
export type DrainMode = 'leave' | 'pause'

/** What a request source is made from. */
export interface RequestSourceOptions<T extends EndpointTypes> {
  readonly responder: ResponderOptions
  readonly rules: RequestRules
  readonly authenticate: Authenticate<T> | undefined
  readonly filter: string
  readonly subscribeOptions: SubscribeOptions
  /** Called when the broker has acknowledged the subscription. */
  readonly onSubscribed: (() => void) | undefined
  readonly drain$: Observable<unknown> | undefined
  /** `undefined`: depends on the session. */
  readonly drainBy: DrainMode | undefined
  readonly drainTimeout: number
}

/** After how many milliseconds without a message a leaving responder no longer waits for its barrier. */
const QUIET_PERIOD = 2_000

/** How many milliseconds the responses after `drainTimeout` may take. */
const INTERRUPT_PERIOD = 1_000

/** Passes the deliveries of a window to its source; a closure, and what RxJS makes of it, would take three times the memory. */
class DeliveryObserver implements Observer<Delivery> {
  readonly #source: { readonly receive: (delivery: Delivery) => void }

  constructor(source: { readonly receive: (delivery: Delivery) => void }) {
    this.#source = source
  }

  next(delivery: Delivery): void {
    this.#source.receive(delivery)
  }

  /** A window does not fail. What a middleware makes of it may, which RxJS reports as an unhandled error. */
  error(error: unknown): void {
    throw error
  }

  complete(): void {
    // The next window follows.
  }
}

/**
 * One subscription to `requests$`: the messages of the broker's subscription, until it is drained.
 *
 * Its `ResponderContext` is created with the first message: a process may serve many endpoints of which few are used.
 */
export class RequestSource<T extends EndpointTypes> implements Observer<SubscriptionWindow>, Unsubscribable {
  readonly #options: () => RequestSourceOptions<T>
  #responder: ResponderContext | undefined
  #receiver: RequestReceiver | undefined
  readonly #authentication: RequestAuthentication<T> | undefined
  readonly #subscriber: Subscriber<ReceivedRequest<T>>
  #windows: Subscription | undefined
  #leaving: Subscription | undefined
  #window: SubscriptionWindow | undefined
  #deliveries: Subscription | undefined
  #drainDeadline: Deadline | undefined
  #quietDeadline: Deadline | undefined
  #isDraining = false
  #isReceiving = true

  /** `options` is called when they are needed. */
  constructor(options: () => RequestSourceOptions<T>, subscriber: Subscriber<ReceivedRequest<T>>) {
    const { authenticate } = options()
    this.#options = options
    if (authenticate !== undefined)
      this.#authentication = new RequestAuthentication(authenticate, (request) => this.#emit(request))
    this.#subscriber = subscriber
  }

  start(): void {
    const { drain$, filter, subscribeOptions, responder } = this.#options()
    const { link, controlTopic } = responder
    linkMonitorOf(link).start()
    this.#subscriber.add(this)
    if (drain$ !== undefined) {
      this.#subscriber.add(
        drain$.subscribe({
          next: () => this.#drain(),
          error: (error: unknown) => this.#subscriber.error(error),
        }),
      )
    }
    if (this.#subscriber.closed) return
    // Subscribed at once, so that a refusal is known before the first request.
    if (typeof controlTopic === 'string') this.#context.acceptance.start()
    this.#windows = link.subscription$(filter, subscribeOptions).subscribe(this)
    if (this.#subscriber.closed && this.#responder?.isPaused !== true) this.#windows.unsubscribe()
  }

  get #context(): ResponderContext {
    return (this.#responder ??= new ResponderContext(this.#options().responder))
  }

  /** Receives the window of the subscription, again after each lost session. */
  next(window: SubscriptionWindow): void {
    this.#window = window
    if (this.#subscriber.closed) return this.#keepSubscription()
    this.#deliveries = window.deliveries$.subscribe(new DeliveryObserver(this))
    this.#options().onSubscribed?.()
  }

  error(error: unknown): void {
    this.#subscriber.error(error)
  }

  /** Completes with the link. */
  complete(): void {
    if (this.#responder !== undefined) this.#responder.isLinkClosed = true
    this.#subscriber.complete()
  }

  /** Receives a message of the window. */
  receive(delivery: Delivery): void {
    if (this.#quietDeadline !== undefined) this.#restartQuietDeadline()
    const receiver = (this.#receiver ??= new RequestReceiver(this.#context, this.#options().rules))
    const request = receiver.receive<T>(delivery)
    if (request === undefined) return
    if (this.#context.acknowledge === 'on-receipt') contextOf(request).acknowledge()
    if (this.#authentication === undefined) this.#emit(request)
    else this.#authentication.receive(request)
  }

  #emit(request: ReceivedRequest<T>): void {
    const context = contextOf(request)
    this.#subscriber.next(request)
    if (context.readsAcceptances && context.isOpen) this.#context.acceptance.add(context)
    if (!context.isAdmitted) context.awaitServe()
  }

  #drain(): void {
    if (this.#isDraining) return
    const { drainBy, drainTimeout, filter } = this.#options()
    const responder = this.#context
    const isKept = responder.connectionInfo?.isSessionKept === true
    const mode = drainBy ?? (isKept && !isSharedFilter(filter) ? 'pause' : 'leave')
    this.#isDraining = true
    this.#drainDeadline = responder.deadlines.add(drainTimeout, () => this.#interrupt())
    responder.onIdle = () => this.#completeWhenIdle()
    if (mode === 'leave') this.#leave()
    else {
      responder.pause()
      this.#stopReceiving()
    }
  }

  /** Unsubscribes, but handles what the broker has already assigned to this client. */
  #leave(): void {
    const { link, isOnline } = this.#context
    // Nothing arrives while the broker is away, and a process that stops need not wait for it.
    if (this.#window === undefined || !isOnline) return this.#stopReceiving()
    const monitor = linkMonitorOf(link)
    const observer: LinkObserver = {
      onLinkOnline: () => undefined,
      onLinkOffline: () => this.#stopReceiving(),
      onLinkClosed: () => undefined,
    }
    monitor.addObserver(observer)
    const leaving = (this.#leaving = new Subscription(() => monitor.removeObserver(observer)))
    const barrierPassed$ = this.#window.unsubscribe$.pipe(
      take(1),
      tap(() => this.#restartQuietDeadline()),
      // A broker that refuses the barrier is left after a quiet period.
      switchMap(() => barrier$(link).pipe(catchError(() => NEVER))),
    )
    leaving.add(barrierPassed$.subscribe(() => this.#stopReceiving()))
  }

  #restartQuietDeadline(): void {
    this.#quietDeadline?.cancel()
    this.#quietDeadline = this.#context.deadlines.add(QUIET_PERIOD, () => {
      // While requests are running, the broker may wait for their acknowledgements.
      if (this.#context.isIdle) this.#stopReceiving()
      else this.#restartQuietDeadline()
    })
  }

  /** Notes that no more requests are expected. Cancels and credit of running requests are still received. */
  #stopReceiving(): void {
    this.#leaving?.unsubscribe()
    this.#quietDeadline?.cancel()
    this.#quietDeadline = undefined
    this.#isReceiving = false
    this.#completeWhenIdle()
  }

  #completeWhenIdle(): void {
    if (!this.#isReceiving && this.#context.isIdle) this.#subscriber.complete()
  }

  /** Ends the running requests, because `drainTimeout` is over. */
  #interrupt(): void {
    const responder = this.#context
    const end = (): void => {
      responder.end()
      this.#subscriber.complete()
    }
    this.#stopReceiving()
    responder.interrupt()
    if (this.#subscriber.closed) return
    if (responder.isOnline) this.#drainDeadline = responder.deadlines.add(INTERRUPT_PERIOD, end)
    else end()
  }

  /** Called when the subscriber has unsubscribed, or the stream has ended. */
  unsubscribe(): void {
    this.#receiver?.close()
    this.#authentication?.close()
    this.#responder?.acceptance.close()
    this.#responder?.unserved.clear()
    this.#leaving?.unsubscribe()
    this.#drainDeadline?.cancel()
    this.#quietDeadline?.cancel()
    this.#deliveries?.unsubscribe()
    if (this.#responder?.isPaused === true && !this.#responder.isLinkClosed) this.#keepSubscription()
    else this.#windows?.unsubscribe()
  }

  /**
   * Keeps the subscription for the next start, until the link is closed. Each message that arrives is released
   * unacknowledged: a delivery whose subscriber has unsubscribed delays no other acknowledgement.
   */
  #keepSubscription(): void {
    const window = this.#window
    if (window === undefined) return
    let isSubscribing = true
    const subscription = window.deliveries$.subscribe(() => {
      // Cached retained messages are emitted while subscribing.
      if (isSubscribing) return
      subscription.unsubscribe()
      this.#keepSubscription()
    })
    isSubscribing = false
  }
}
