import type { Observer } from 'rxjs'
import { isChunk } from '../chunk/assembly.js'
import type { AntiphonError } from '../errors.js'
import type { LinkedQueue } from '../linked-queue.js'
import type { LinkObserver } from '../link/link-monitor.js'
import type { SendHook } from '../link/send-hook.js'
import { controlTopicOf, isAcceptance } from '../protocol/control-message.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import type { Deadline } from '../time/deadlines.js'
import {
  cancelAtOthers,
  cancelAtResponder,
  noteControlTopic,
  resend,
  type ControlChannel,
} from './control-channel.js'
import { withExchange } from './exchange-error.js'
import type { RequestParts, RequesterContext } from './requester-context.js'
import { RequestMessage } from './request-message.js'
import { ResponseChunks } from './response-chunks.js'
import type { ResponseHandler } from './response-handler.js'
import type { ResponseListener } from './response-listener.js'
import type { ResponseSubscription } from './response-subscription.js'
import { mayBeRunning, mustRepeat, needsRenewal, Retry } from './retry.js'
import { latenessOf } from './round-trips.js'
import { StepTimer } from './step-timer.js'
import { awaitedStep, stepTimeoutError, totalTimeoutError, unsentError } from './timeout-error.js'
import type { TokenIndex } from './token-index.js'

/** The observer of an exchange: its responses, then complete or error. */
export type ExchangeObserver = Pick<Observer<unknown>, 'next' | 'error' | 'complete'>

/**
 * The life of one request, from its creation to its settlement, which happens exactly once.
 *
 * To save allocations, it is its own deadline callback, link observer and entry of `PendingRequests` (decision 0009).
 */
export class Exchange implements LinkObserver, ResponseListener, SendHook {
  // These fields are managed by `PendingRequests` and its `ResponseSubscription`.
  responseSubscription: ResponseSubscription | undefined = undefined
  waitingBytes: number | undefined = undefined
  tokenIndex: TokenIndex | undefined = undefined
  queue: LinkedQueue<ResponseListener> | undefined = undefined
  prevNode: ResponseListener | undefined = undefined
  nextNode: ResponseListener | undefined = undefined
  isSettled = false
  /** How often the request was published. */
  attempts = 0
  /** The number of the exchange in events; 0 until its first event. */
  eventId = 0
  /** Where exchange control messages go; `undefined` until a responder has named its control topic. */
  control: ControlChannel | undefined = undefined
  readonly requester: RequesterContext
  /** Whether exchange control messages are sent, to the responder that accepts the request. */
  readonly sendsControl: boolean
  readonly request: RequestMessage
  readonly #observer: ExchangeObserver
  readonly #responseHandler: ResponseHandler
  readonly #stepTimer: StepTimer | undefined
  readonly #retry: Retry | undefined
  #deadline: Deadline
  readonly #totalDeadline: Deadline | undefined
  #chunks: ResponseChunks | undefined
  #mayHaveMissedResponses = false
  /** Whether the latest attempt waits in the link's queue, for a connection or for room in the send window. */
  #isQueued = false

  /** Throws if the request cannot be encoded or its topic is invalid; nothing has been sent then. */
  constructor(
    requester: RequesterContext,
    parts: RequestParts,
    observer: ExchangeObserver,
    responseHandler: ResponseHandler,
  ) {
    const { deadlines, rules, stats, pendingRequests, retryBudget } = requester
    this.requester = requester
    this.#observer = observer
    this.#responseHandler = responseHandler
    this.sendsControl = requester.endpoint.cancel === 'wire' && responseHandler.hasManyResponders !== true
    this.request = new RequestMessage(this, parts, responseHandler.requestProperties)
    this.#deadline = deadlines.add(rules.timeout, this)
    if (rules.totalTimeout < Infinity)
      this.#totalDeadline = deadlines.add(rules.totalTimeout, () => this.fail(totalTimeoutError(this)))
    if (rules.stepTimeouts !== undefined)
      this.#stepTimer = new StepTimer(deadlines, rules.stepTimeouts, (elapsed) => this.#timeOut(elapsed))
    if (retryBudget !== undefined) this.#retry = new Retry(this, retryBudget)
    stats.pending++
    pendingRequests.add()
  }

  start(): void {
    const { events, monitor, pendingRequests, rules } = this.requester
    events.requester?.requested(this)
    monitor.start()
    const dependsOnLink = rules.onDisconnect === 'fail' || this.#stepTimer !== undefined
    if (dependsOnLink || this.request.responseFilter === undefined) monitor.addObserver(this)
    this.onLinkOnline()
    if (this.attempts > 0 || this.isSettled) return
    const overflow = pendingRequests.wait(this)
    if (overflow !== undefined) this.fail(overflow)
  }

  /** Cancels the exchange, and notifies the responder if the request was published. */
  cancel(): void {
    if (this.isSettled) return
    this.requester.stats.cancelled++
    this.#settle()
    this.requester.events.requester?.cancelled(this)
    cancelAtResponder(this)
    this.requester.pendingRequests.reportCancelled(this)
  }

  /** Handles the elapsed timeout. */
  due(): void {
    const result = this.attempts > 0 ? this.#responseHandler.onTimeout?.(this) : undefined
    if (result === undefined) this.#timeOut(this.requester.rules.timeout)
    else if (result === 'responded') this.finish()
    else if (result !== 'waiting') this.fail(result)
  }

  // Called by the link monitor.

  onLinkOnline(): void {
    // A link of another author sends its queue after this call, and calls no hook.
    if (this.#isQueued && this.requester.mustWait === undefined) this.#dropIfLate()
    this.updateStep()
    if (this.responseSubscription !== undefined || this.isSettled) return
    const fault = this.requester.pendingRequests.subscribe(this)
    if (fault !== undefined) this.fail(fault)
  }

  onLinkOffline(error: AntiphonError): void {
    this.updateStep()
    if (this.requester.rules.onDisconnect === 'fail' && this.attempts > 0) this.fail(error)
  }

  onLinkClosed(error: AntiphonError): void {
    this.fail(error)
  }

  // Called by the response subscription.

  onSubscribed(): void {
    const canResend = this.#mayHaveMissedResponses && this.requester.rules.onDisconnect === 'resend'
    this.#mayHaveMissedResponses = false
    this.requester.events.requester?.subscribed(this)
    if (this.attempts > 0) return canResend ? resend(this, () => this.publish()) : undefined
    // It may have waited until its response would be too late.
    const lateness = this.waitingBytes === undefined ? undefined : latenessOf(this)
    if (lateness === undefined) this.publish()
    else this.fail(unsentError(this, lateness))
  }

  onSubscriptionLost(): void {
    this.#mayHaveMissedResponses = true
  }

  receive(response: DecodedOnce): void {
    const { message } = response
    this.requester.events.requester?.received(this, message)
    const controlTopic = this.sendsControl ? controlTopicOf(message) : undefined
    if (controlTopic !== undefined) {
      noteControlTopic(this, controlTopic)
      this.#responseHandler.onAccepted?.(this, message)
      // The responder may die before it responds.
      if (isAcceptance(message)) return this.#retry?.onAttempt(this.attempts, this.timeLeft)
    }
    // The responder has the request, so it is not sent again.
    this.control?.onResponse()
    this.#retry?.cancel()
    this.#stepTimer?.clear()
    const complete = isChunk(message)
      ? (this.#chunks ??= new ResponseChunks(this, this.#responseHandler)).add(message)
      : response.as(this.request.codecOf(message))
    if (complete !== undefined) this.#responseHandler.receive(complete, this)
  }

  // Called by the request message.

  /** Enters the next step of the exchange, if it has been reached. */
  updateStep(): void {
    this.#stepTimer?.enter(awaitedStep(this))
  }

  onPublishFailed(error: AntiphonError): void {
    // The message expires together with the timeout, so both have elapsed.
    if (error.code === 'expired') this.due()
    else this.#failAttempt(withExchange(this, error), false)
  }

  // Called by the response handler.

  /** Emits one response of several. */
  emit(value: unknown): void {
    if (this.isSettled) return
    this.requester.roundTrips?.onResponse(this, this.requester)
    this.#observer.next(value)
  }

  /** Completes the exchange, after emitting the value if there is one. */
  finish(response?: { readonly value: unknown }): void {
    if (this.isSettled) return
    this.requester.stats.responded++
    this.#retry?.onResponse()
    if (response !== undefined) this.requester.roundTrips?.onResponse(this, this.requester)
    // Settle before emitting, so that a subscriber that unsubscribes on the response does not cancel the exchange.
    this.#settle()
    this.requester.events.requester?.responded(this)
    cancelAtOthers(this)
    if (response !== undefined) this.#observer.next(response.value)
    this.#observer.complete()
  }

  /** Fails the attempt because of its response: retries if possible, fails the exchange otherwise. */
  failAttempt(error: AntiphonError): void {
    this.#failAttempt(error, needsRenewal(error, this))
  }

  #failAttempt(error: AntiphonError, isRenewed: boolean): void {
    if (this.isSettled) return
    const canRetry = this.#responseHandler.canRepeat !== false && !mustRepeat(error, this)
    const failure =
      canRetry && this.#retry !== undefined ? this.#retry.onFailure(error, this.attempts) : error
    if (failure !== undefined) this.fail(failure)
    else {
      this.#chunks?.clear()
      this.control?.close()
      this.control = undefined
      if (isRenewed) this.requester.pendingRequests.unregister(this)
    }
  }

  /** Fails the exchange without a further attempt. */
  fail(error: AntiphonError): void {
    if (this.isSettled) return
    this.requester.stats[error.code === 'timeout' ? 'timedOut' : 'failed']++
    this.#settle()
    this.requester.events.requester?.failed(this, error)
    if (mayBeRunning(error.code)) {
      cancelAtResponder(this, error.code)
      this.requester.pendingRequests.reportCancelled(this, error.code)
    }
    // Errors from the response handler already have the context.
    this.#observer.error(error.correlation === undefined ? withExchange(this, error) : error)
  }

  /** Restarts the timeout with this duration. */
  extendTimeout(milliseconds: number): void {
    if (this.isSettled) return
    this.#deadline.cancel()
    this.#deadline = this.requester.deadlines.add(milliseconds, this)
  }

  /** Milliseconds until the timeout. */
  get timeLeft(): number {
    return this.#deadline.left()
  }

  /** Publishes the request, for the first time or again. */
  publish(): void {
    if (this.attempts > 0 && this.#responseHandler.canRepeat === false) return
    const fault = this.requester.pendingRequests.register(this)
    if (fault !== undefined) return this.fail(fault)
    if (this.attempts > 0) this.requester.stats.retried++
    this.attempts++
    this.updateStep()
    this.#retry?.onAttempt(this.attempts, this.#deadline.left())
    const timeLeft = Math.min(this.#deadline.left(), this.#totalDeadline?.left() ?? Infinity)
    const { monitor, mustWait, roundTrips, rules } = this.requester
    this.#isQueued = roundTrips !== undefined && (mustWait?.(rules.qos) ?? !monitor.isOnline)
    if (!this.#isQueued) roundTrips?.onSent(this, this.requester)
    else if (mustWait === undefined) monitor.addObserver(this)
    this.request.publish(timeLeft, this.attempts, this.#isQueued && mustWait !== undefined ? this : undefined)
  }

  /** Called by the link when the turn of an attempt comes that has waited. Returns whether it is sent. */
  onSending(): boolean {
    // A further chunk of it has no turn of its own.
    if (!this.#isQueued) return true
    if (this.#dropIfLate()) return false
    this.requester.roundTrips?.onSent(this, this.requester)
    return true
  }

  /** Removes the attempt from the link's queue if its response would be too late. Returns whether it has. */
  #dropIfLate(): boolean {
    this.#isQueued = false
    const lateness = latenessOf(this)
    if (lateness === undefined) return false
    this.request.stop()
    if (this.attempts > 1) this.#retry?.deny(lateness)
    else {
      this.attempts = 0
      this.fail(unsentError(this, lateness))
    }
    return true
  }

  #timeOut(milliseconds: number): void {
    this.fail(stepTimeoutError(this, milliseconds, this.#retry?.hint))
  }

  #settle(): void {
    const { monitor, pendingRequests, stats } = this.requester
    this.isSettled = true
    stats.pending--
    this.#deadline.cancel()
    this.#totalDeadline?.cancel()
    this.#stepTimer?.clear()
    this.#retry?.cancel()
    this.request.stop()
    this.requester.roundTrips?.onSettled(this)
    this.#chunks?.clear()
    this.control?.close()
    monitor.removeObserver(this)
    pendingRequests.settle(this)
    this.#responseHandler.onSettled?.()
  }
}
