import { Reason } from '@antiphon/packet'
import type { Observer, Subscription as Teardown } from 'rxjs'
import { invalidArgument } from '../argument.js'
import { isChunk } from '../chunk/assembly.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { Transfers } from '../chunk/transfers.js'
import { AntiphonError, type AwaitedStep, type ErrorCode, type ErrorContext } from '../errors.js'
import type { LinkedQueue } from '../linked-queue.js'
import type { LinkObserver } from '../link/link-monitor.js'
import type { PublishAck } from '../link/link.js'
import { userProperty, type Message, type UserProperties } from '../message.js'
import { Status } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import type { RequestParts, RequesterContext } from './requester-context.js'
import type { ResponseSubscription, ResponseSubscriber } from './response-subscription.js'
import type { CorrelationTable, PendingExchange } from './correlation-table.js'
import { RequestMessage } from './request-message.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import type { ExchangeControl, ResponseHandler } from './response-handler.js'
import { describeTimeout, StepTimer } from './step-timer.js'

/** The observer of an exchange: its responses, then complete or error. */
export type ExchangeObserver = Pick<Observer<unknown>, 'next' | 'error' | 'complete'>

/**
 * One request from its creation to its settlement, which happens exactly once.
 *
 * To save allocations, the exchange is its own deadline callback, link observer, subscriber of the response subscription
 * and entry of the correlation table (decision 0009).
 */
export class Exchange implements ExchangeControl, ResponseSubscriber, PendingExchange, LinkObserver {
  /** The queue of the response subscription's subscribers. */
  queue: LinkedQueue<ResponseSubscriber> | undefined = undefined
  prevNode: ResponseSubscriber | undefined = undefined
  nextNode: ResponseSubscriber | undefined = undefined
  readonly #requester: RequesterContext
  readonly #request: RequestMessage
  readonly #observer: ExchangeObserver
  readonly #responseHandler: ResponseHandler
  #responseSubscription: ResponseSubscription | undefined
  #table: CorrelationTable | undefined
  #deadline: Deadline
  readonly #stepTimer: StepTimer | undefined
  #nextAttempt: Deadline | undefined
  #publishing: Teardown | undefined
  #transfers: Transfers | undefined
  #attempts = 0
  #isAcknowledged = false
  #mayHaveMissedResponses = false
  #isSettled = false

  /** Throws if the request cannot be encoded or its topic is invalid; nothing has been sent then. */
  constructor(requester: RequesterContext, parts: RequestParts, observer: ExchangeObserver) {
    const { deadlines, rules, stats } = requester
    this.#requester = requester
    this.#observer = observer
    this.#responseHandler = requester.newResponseHandler()
    this.#request = new RequestMessage(requester, parts, this.#responseHandler.requestProperties ?? [])
    this.#deadline = deadlines.add(rules.timeout, this)
    if (rules.stepTimeouts !== undefined) {
      this.#stepTimer = new StepTimer(deadlines, rules.stepTimeouts, (milliseconds) =>
        this.#timeOut(milliseconds),
      )
    }
    stats.pending++
    requester.pendingRequests.add()
  }

  get responseTopic(): string {
    return this.#request.responseTopic
  }

  get token(): string {
    return this.#request.token
  }

  start(): void {
    const { monitor, rules } = this.#requester
    monitor.start()
    const dependsOnLink = rules.onDisconnect === 'fail' || this.#stepTimer !== undefined
    if (dependsOnLink || this.#request.responseAddress === undefined) monitor.addObserver(this)
    this.onLinkOnline()
  }

  /** Cancels the exchange, and notifies the responder if the request was published. */
  cancel(): void {
    if (this.#isSettled) return
    this.#requester.stats.cancelled++
    this.#settle()
    if (this.#attempts > 0) this.#publishControl([['__stat', String(Status.cancelled)]])
  }

  // Called by the link and the response subscription.

  onLinkOnline(): void {
    this.#updateStep()
    const { responseAddress } = this.#request
    if (this.#responseSubscription !== undefined || this.#isSettled || responseAddress === undefined) return
    const { correlation, response } = this.#requester.endpoint
    try {
      this.#request.setResponseTopic(responseAddress.topic)
    } catch (thrown) {
      this.#failWith(this.#withContext(AntiphonError.from(thrown)))
      return
    }
    this.#responseSubscription = this.#requester.pendingRequests.responseSubscription(responseAddress.filter)
    this.#table = this.#responseSubscription.table(correlation, response)
    this.#responseSubscription.acquire(this)
  }

  onLinkOffline(error: AntiphonError): void {
    this.#updateStep()
    if (this.#requester.rules.onDisconnect === 'fail' && this.#attempts > 0)
      this.#failWith(this.#withContext(error))
  }

  onLinkClosed(error: AntiphonError): void {
    this.#failWith(this.#withContext(error))
  }

  onSubscribed(): void {
    if (this.#attempts === 0) this.#register()
    else if (this.#mayHaveMissedResponses && this.#requester.rules.onDisconnect === 'resend') this.#publish()
    this.#mayHaveMissedResponses = false
  }

  onSubscriptionLost(): void {
    this.#mayHaveMissedResponses = true
  }

  onSubscribeFailed(error: AntiphonError): void {
    this.#failWith(this.#withContext(error))
  }

  receive(response: DecodedOnce): void {
    // The responder has the request, so it is not sent again.
    this.#nextAttempt?.cancel()
    this.#stepTimer?.clear()
    const { message } = response
    const complete = isChunk(message)
      ? this.#assemble(message)
      : response.as(this.#requester.endpoint.response)
    if (complete !== undefined) this.#responseHandler.receive(complete, this)
  }

  // Called by the response handler.

  emit(value: unknown): void {
    if (!this.#isSettled) this.#observer.next(value)
  }

  finish(response?: { readonly value: unknown }): void {
    if (this.#isSettled) return
    this.#requester.stats.responded++
    // Settle before emitting, so that a subscriber that unsubscribes on the response does not cancel the exchange.
    this.#settle()
    if (response !== undefined) this.#observer.next(response.value)
    this.#observer.complete()
  }

  fail(error: AntiphonError): void {
    if (this.#isSettled) return
    const { rules, deadlines } = this.#requester
    if (this.#attempts >= rules.attempts || !rules.isRetryable(error)) {
      this.#failWith(error)
      return
    }
    this.#nextAttempt?.cancel()
    this.#nextAttempt = deadlines.add(rules.backOff(this.#attempts), () => this.#publish())
  }

  createError<C extends ErrorCode>(code: C, message: string, context: ErrorContext = {}): AntiphonError<C> {
    return new AntiphonError(code, message, { ...this.#context(), ...context })
  }

  extendTimeout(milliseconds: number): void {
    if (this.#isSettled) return
    this.#deadline.cancel()
    this.#deadline = this.#requester.deadlines.add(milliseconds, this)
  }

  sendControl(userProperties: UserProperties): void {
    if (!this.#isSettled) this.#publishControl(userProperties)
  }

  #register(): void {
    if (this.#table?.add(this) === false) {
      const fault = `another request is pending on response topic ${this.responseTopic} with the same correlation`
      this.#failWith(
        this.#withContext(invalidArgument(`${fault}: use a response topic per request, or inOrder()`)),
      )
      return
    }
    this.#publish()
  }

  #publish(): void {
    const { link, monitor, deadlines, rules, stats } = this.#requester
    if (this.#attempts > 0) stats.retried++
    this.#attempts++
    this.#updateStep()
    this.#nextAttempt?.cancel()
    if (this.#attempts < rules.attempts) {
      this.#nextAttempt = deadlines.add(rules.attemptTimeout, () => this.#publish())
    }
    this.#publishing?.unsubscribe()
    const message = this.#request.toMessage(this.#deadline.left())
    if (this.#attempts >= rules.attempts && rules.onDisconnect !== 'resend') this.#request.releasePayload()
    const publishing = publishWhole$(link, message, monitor.connectionInfo).subscribe({
      next: (ack) => this.#onAcknowledged(ack),
      error: (error: unknown) => this.#publishFailed(AntiphonError.from(error)),
      complete: () => {
        this.#publishing = undefined
      },
    })
    if (this.#isSettled) publishing.unsubscribe()
    else if (!publishing.closed) this.#publishing = publishing
  }

  #publishFailed(error: AntiphonError): void {
    // The message expires together with the timeout, so both have elapsed.
    if (error.code === 'expired') this.due()
    else this.fail(this.#withContext(error))
  }

  /** Adds a chunk, and returns the response if it is complete. */
  #assemble(chunk: Message): DecodedOnce | undefined {
    const { deadlines, endpoint } = this.#requester
    this.#transfers ??= new Transfers(deadlines)
    const assembled = this.#transfers.add(userProperty(chunk.userProperties, '__stream') ?? '', chunk)
    if (assembled.kind === 'whole') return new DecodedOnce(assembled.message, endpoint.response)
    if (assembled.kind === 'broken')
      this.fail(this.createError('protocol', `cannot assemble the response: ${assembled.reason}`))
    return undefined
  }

  #publishControl(userProperties: UserProperties): void {
    const message = this.#request.toControlMessage(this.#deadline.left(), userProperties)
    if (message !== undefined) this.#requester.link.publish$(message).subscribe({ error: () => undefined })
  }

  #onAcknowledged({ reasonCode }: PublishAck): void {
    this.#isAcknowledged = true
    this.#updateStep()
    if (reasonCode !== Reason.noMatchingSubscribers || !this.#requester.rules.failFast) return
    this.fail(
      this.createError('no-responder', `the broker reports no subscriber to ${this.#request.topic}`, {
        reasonCode,
      }),
    )
  }

  /** Handles the elapsed timeout. */
  due(): void {
    const isPublished = this.#attempts > 0
    if (isPublished && this.#responseHandler.onTimeout !== undefined) {
      const result = this.#responseHandler.onTimeout(this)
      if (result === 'responded') this.finish()
      else if (result !== 'waiting') this.#failWith(result)
      return
    }
    this.#timeOut(this.#requester.rules.timeout)
  }

  #timeOut(milliseconds: number): void {
    const awaited = this.#awaited
    const step = describeTimeout(awaited, milliseconds)
    const message = `${this.#requester.endpoint.name}: ${step} (request ${this.#request.displayToken})`
    this.#failWith(this.createError('timeout', message, { awaited }))
  }

  #failWith(error: AntiphonError): void {
    if (this.#isSettled) return
    this.#requester.stats[error.code === 'timeout' ? 'timedOut' : 'failed']++
    this.#settle()
    this.#observer.error(error)
  }

  #settle(): void {
    this.#isSettled = true
    this.#requester.stats.pending--
    this.#deadline.cancel()
    this.#stepTimer?.clear()
    this.#nextAttempt?.cancel()
    this.#publishing?.unsubscribe()
    this.#transfers?.clear()
    this.#table?.remove(this)
    this.#responseSubscription?.release(this)
    this.#requester.monitor.removeObserver(this)
    this.#requester.pendingRequests.settle()
  }

  #updateStep(): void {
    this.#stepTimer?.enter(this.#awaited)
  }

  get #awaited(): AwaitedStep {
    if (this.#attempts > 0) return this.#isAcknowledged ? 'response' : 'acknowledgement'
    return this.#requester.monitor.isOnline ? 'subscription' : 'connection'
  }

  #withContext(error: AntiphonError): AntiphonError {
    return error.withContext(this.#context())
  }

  #context(): ErrorContext {
    return {
      endpoint: this.#requester.endpoint.name,
      topic: this.#request.topic,
      correlation: this.#request.displayToken,
      phase: this.#attempts > 0 ? 'after-network' : 'before-network',
    }
  }
}
