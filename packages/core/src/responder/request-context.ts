import type { LinkedQueue, ListNode } from '../linked-queue.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Delivery } from '../link/link.js'
import type { Message, UserProperties } from '../message.js'
import type { Failure } from '../protocol/status.js'
import type { RequestItems } from '../stream/item-stream.js'
import type { ControlledRun } from './controlled-run.js'
import type { OutgoingResponse } from './outgoing-response.js'
import { requestLifetime } from './request-lifetime.js'
import type { ResponderContext } from './responder-context.js'
import { abortSignal, toController, type AbortCause, type SignalState } from './request-signal.js'
import type { CacheEntry } from './response-cache.js'

const NO_PROPERTIES: UserProperties = []

/** A request in a responder, from its arrival until it is both answered and acknowledged. */
export class RequestContext implements ListNode<RequestContext> {
  // These fields are managed by `AcceptanceSender`.
  queue: LinkedQueue<RequestContext> | undefined = undefined
  prevNode: RequestContext | undefined = undefined
  nextNode: RequestContext | undefined = undefined
  /** Whether the requester has been sent the control topic. */
  isAccepted = false
  /** Whether the requester may be sent the control topic. */
  readsAcceptances = false
  /** The sender of the request, as `authenticate` of `requests$` has returned it. */
  principal: unknown = undefined
  /** The elapsed time at which it was settled; `undefined` before. */
  settledAt: number | undefined = undefined
  /** The number of the request in events; 0 until its first event. */
  eventId = 0
  readonly responder: ResponderContext
  readonly message: Message
  readonly correlation: ResponseCorrelation
  /** Where responses go; `undefined` for a notification, which gets no response. */
  readonly responseTopic: string | undefined
  /** The elapsed time at which it was received. */
  readonly receivedAt: number
  /** Milliseconds from receipt to expiry. A stream expires after as long without an item or credit. */
  readonly lifetime: number
  /** The entry by which duplicates are recognised; `undefined` if the request has no correlation. */
  cacheEntry: CacheEntry<RequestContext> | undefined
  readonly #acknowledge: () => void
  #run: ControlledRun | undefined
  #isUnserved = false
  #isInHand = false
  /** The size of the items that are cached while the stream is open. */
  #cachedBytes = 0
  #isAcknowledged = false
  #isOpen = true
  #signal: SignalState

  constructor(
    responder: ResponderContext,
    { message, acknowledge }: Delivery,
    correlation: ResponseCorrelation,
    responseTopic: string | undefined,
  ) {
    this.responder = responder
    this.message = message
    this.correlation = correlation
    this.responseTopic = responseTopic
    this.receivedAt = responder.now()
    this.lifetime = requestLifetime(message)
    this.#acknowledge = acknowledge
  }

  /** The elapsed time at which the request expires. */
  get expiresAt(): number {
    return this.receivedAt + this.lifetime
  }

  get timeLeft(): number {
    return this.expiresAt - this.responder.now()
  }

  /** The signal that aborts when the handler is stopped; created when it is first read. */
  get signal(): AbortSignal {
    const controller = toController(this.#signal)
    this.#signal = controller
    return controller.signal
  }

  /** The elapsed time at which the run of the handler must have ended; `Infinity` without a limit. */
  get runDueAt(): number {
    return this.#run?.dueAt ?? Infinity
  }

  /** Aborts the signal, because the handler is stopped; not if it has responded. */
  abort(cause: AbortCause): void {
    if (this.#isOpen) this.#signal = abortSignal(this.#signal, cause)
  }

  /** Whether the broker holds the request until it is acknowledged; our Receive Maximum bounds how many it sends. */
  get isHeldByBroker(): boolean {
    return !this.#isAcknowledged && this.message.qos > 0
  }

  /** Accepts the message as a new request; `key` recognises duplicates, and replaces that of an earlier request. */
  accept(key: string | undefined, replaced: CacheEntry<RequestContext> | undefined): void {
    const { message, responder } = this
    if (key !== undefined) this.cacheEntry = responder.cache.begin(key, this, message.payload, replaced)
    this.#takeInHand()
  }

  /** Acknowledges the request and its duplicates. Idempotent. */
  acknowledge(): void {
    if (this.#isAcknowledged) return
    this.#isAcknowledged = true
    this.#acknowledge()
    this.cacheEntry?.acknowledgeDuplicates()
  }

  /** Acknowledges the request because its handler starts, or will start without the broker's help. */
  acknowledgeOnStart(): void {
    if (this.responder.acknowledge === 'on-start') this.acknowledge()
  }

  /** Attaches a duplicate, which is acknowledged together with this request. */
  attachDuplicate(acknowledge: () => void): void {
    if (this.#isAcknowledged) acknowledge()
    else this.cacheEntry?.attachDuplicate(acknowledge)
  }

  /**
   * Sets what handles the request, and receives its cancel and its credit. Returns `false` if the request has ended or is
   * handled already.
   */
  admit(run: ControlledRun): boolean {
    if (!this.#isOpen || this.#run !== undefined) return false
    this.#run = run
    if (this.#isUnserved) {
      this.#leaveUnserved()
      this.#takeInHand()
    }
    return true
  }

  /** Whether a `serve` has received the request, or needs not, as it has ended. */
  get isAdmitted(): boolean {
    return this.#run !== undefined || !this.#isOpen
  }

  /**
   * Handles a request that `requests$` has emitted, but that no `serve` received: an operator has filtered it away, or
   * keeps it for later. It must not hold back the acknowledgements of others.
   */
  awaitServe(): void {
    const { acknowledge, unserved } = this.responder
    this.#isUnserved = true
    if (acknowledge !== 'after-response') {
      this.acknowledge()
      this.#release()
    }
    unserved.add(this)
  }

  /** Ends a request that no `serve` has received. */
  endUnserved(reason: string): void {
    if (!this.close()) return
    this.dropCacheEntry()
    this.settle()
    this.responder.reportIgnored(this.message, 'unserved', reason)
  }

  /** Cancels the request on behalf of the requester. */
  cancel(): void {
    if (!this.#isOpen) return
    this.responder.events.responder?.cancelled(this)
    this.#run?.cancel()
    this.endWithoutResponse()
  }

  /** Passes on the number of items that the requester accepts in all; 0 only says that the requester is there. */
  raiseCredit(total: number): void {
    if (!this.#isOpen) return
    if (total > 0) this.responder.events.responder?.credit(this, total)
    this.#run?.raiseCredit(total)
  }

  /** The items of a request stream; any other request has none. */
  get items(): RequestItems<unknown> | undefined {
    return undefined
  }

  /** Receives an item of a request stream. */
  receiveItem(_message: Message): void {
    // Any other request has none.
  }

  /** The User Properties of its acceptances besides the control topic. */
  get acceptanceProperties(): UserProperties {
    return NO_PROPERTIES
  }

  /** Ends the run with a failure. */
  failRun(failure: Failure): void {
    if (!this.#isOpen) return
    this.abort('stopped')
    this.#run?.failWith(failure, { outcome: 'failed', status: failure.code })
  }

  /** Returns the control topic for the first response that may name it; `undefined` for all others. */
  takeControlTopic(): string | undefined {
    if (!this.readsAcceptances || this.isAccepted) return undefined
    const { topic } = this.responder.acceptance
    this.isAccepted = topic !== undefined
    return topic
  }

  /** Whether responses may be sent: the last one has not been sent, and the request is not cancelled or abandoned. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Closes the request to further responses, cancels and credit. Returns `false` if it was closed before. */
  close(): boolean {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    if (this.readsAcceptances) this.responder.acceptance.remove(this)
    return wasOpen
  }

  /** Caches an item of a stream for duplicates of the request, if it fits the limit of all open streams. */
  cacheItem(item: OutgoingResponse): void {
    const { cacheEntry, responder } = this
    if (cacheEntry?.responses === undefined) return
    this.#cachedBytes += item.payload.length
    if (responder.cacheOpenBytes(item.payload.length)) this.cacheResponse(item)
    else cacheEntry.responses = undefined
    if (cacheEntry.responses === undefined) this.#releaseCachedBytes()
  }

  /** Caches a response for duplicates of the request. */
  cacheResponse(sent: OutgoingResponse): void {
    if (this.cacheEntry !== undefined) this.responder.cache.addResponse(this.cacheEntry, sent)
  }

  /** Settles and acknowledges the request without a response, because its requester waits no longer. */
  endWithoutResponse(): void {
    if (this.close()) this.settle()
  }

  /** Acknowledges the request and its duplicates, and caches its responses for later duplicates. */
  settle(): void {
    const { cache, cacheBounds } = this.responder
    this.settledAt = this.responder.now()
    if (this.cacheEntry !== undefined) {
      const until = this.lifetime === Infinity ? this.receivedAt + cacheBounds.ttl : this.expiresAt
      cache.end(this.cacheEntry, until, this.settledAt)
    }
    this.#leaveUnserved()
    this.#releaseCachedBytes()
    this.acknowledge()
    this.#release()
  }

  /** Forgets the request, so that a duplicate of it is handled. */
  dropCacheEntry(): void {
    if (this.cacheEntry !== undefined) this.responder.cache.drop(this.cacheEntry)
  }

  /** Leaves the request unacknowledged, so that the broker delivers it again. */
  abandon(): void {
    if (!this.close()) return
    this.dropCacheEntry()
    this.#leaveUnserved()
    this.#releaseCachedBytes()
    this.#release()
  }

  #leaveUnserved(): void {
    if (!this.#isUnserved) return
    this.#isUnserved = false
    this.responder.unserved.remove(this)
  }

  #releaseCachedBytes(): void {
    this.responder.cacheOpenBytes(-this.#cachedBytes)
    this.#cachedBytes = 0
  }

  #takeInHand(): void {
    if (this.#isInHand) return
    this.#isInHand = true
    this.responder.requestAccepted()
  }

  #release(): void {
    if (!this.#isInHand) return
    this.#isInHand = false
    this.responder.requestEnded()
  }
}
