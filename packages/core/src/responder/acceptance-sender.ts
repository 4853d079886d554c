import { LinkedQueue } from '../linked-queue.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import type { Link } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import { acceptance, creditOf, isOpening } from '../protocol/control-message.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import {
  controlSubscription,
  type ControlListener,
  type ControlSubscription,
} from './control-subscription.js'
import { toMessage } from './outgoing-response.js'
import type { RequestContext } from './request-context.js'

/** After how many milliseconds a request that is still being handled is accepted. */
const ACCEPTANCE_DELAY = 100

const EMPTY_PAYLOAD = new Uint8Array()

/** What the acceptance of requests depends on. */
export interface AcceptanceOptions {
  readonly link: Link
  readonly deadlines: Deadlines
  /** The topic to name; `undefined` for the default, `false` for none. */
  readonly controlTopic: string | false | undefined
  /** Whether a request reaches only one member of a group, so that a retry must be kept from the others. */
  readonly isGroup: boolean
  /** Applies an exchange control message. */
  readonly receiveControl: (message: Message) => void
}

/**
 * Names the control topic of a responder to the requesters that send exchange control messages.
 *
 * It subscribes to the default topic when the first request needs it: a request of a group or with credit at once, any other when it
 * has been handled for 100 ms. One timer serves all requests, and a request that ends before then causes no message.
 */
export class AcceptanceSender implements ControlListener {
  readonly receiveControl: (message: Message) => void
  readonly #options: AcceptanceOptions
  readonly #monitor: LinkMonitor
  /** The requests that have not been accepted, in the order of receipt. */
  readonly #unaccepted = new LinkedQueue<RequestContext>()
  /** The requests to accept when the control topic is subscribed. */
  readonly #awaitingTopic = new Set<RequestContext>()
  #subscription: ControlSubscription | undefined
  #deadline: Deadline | undefined
  #isClosed = false

  constructor(options: AcceptanceOptions) {
    this.#options = options
    this.receiveControl = options.receiveControl
    this.#monitor = linkMonitorOf(options.link)
  }

  /** Whether the responder names a control topic to requesters that read it. */
  get isEnabled(): boolean {
    return this.#options.controlTopic !== false
  }

  /** Returns the control topic, if it is subscribed. */
  get topic(): string | undefined {
    return this.#subscription?.state === 'open' ? this.#subscription.topic : undefined
  }

  /**
   * Returns the failure of a request whose credit could not be raised or whose items could not be received; `undefined` if
   * they can, or might.
   */
  controlFailure(message: Message): Failure | undefined {
    if (!this.#isUnavailable) return undefined
    const hasItems = isOpening(message)
    if (!hasItems && creditOf(message) === undefined) return undefined
    const cause =
      this.#subscription === undefined ? 'it has no control topic' : 'its control topic is refused'
    return {
      code: Status.badRequest,
      message: `the responder cannot receive ${hasItems ? 'items' : 'credit'}: ${cause}`,
      propertyName: hasItems ? '__ctl' : '__credit',
    }
  }

  /** Subscribes at once to a topic that is set in the options, so that a refusal is known before the first request. */
  start(): void {
    this.#subscribe()
  }

  /** Adds a request that is being handled. */
  add(context: RequestContext): void {
    if (this.#options.isGroup || creditOf(context.message) !== undefined) return this.accept(context)
    this.#unaccepted.push(context)
    this.#deadline ??= this.#options.deadlines.add(ACCEPTANCE_DELAY, () => this.#acceptDue())
  }

  /** Removes a request that has ended. */
  remove(context: RequestContext): void {
    this.#unaccepted.remove(context)
    this.#awaitingTopic.delete(context)
  }

  /** Names the control topic to a requester, unless one of its responses has; again if `isRepeated`. */
  accept(context: RequestContext, isRepeated = false): void {
    if (this.#isUnavailable || this.#isClosed) return
    // The response that follows a repeated one may be on its way.
    if (!isRepeated && (!context.isOpen || context.isAccepted)) return
    const { topic } = this
    if (topic !== undefined) this.#send(context, topic)
    else {
      this.#awaitingTopic.add(context)
      this.#subscribe()
    }
  }

  onControlSettled(): void {
    const contexts = [...this.#awaitingTopic]
    this.#awaitingTopic.clear()
    for (const context of contexts) {
      const failure = this.controlFailure(context.message)
      if (failure === undefined) this.accept(context)
      else context.failRun(failure)
    }
  }

  /** Ends the subscription to the control topic, unless other responders share it. */
  close(): void {
    this.#isClosed = true
    this.#deadline?.cancel()
    this.#awaitingTopic.clear()
    this.#subscription?.release(this)
    this.#subscription = undefined
  }

  get #isUnavailable(): boolean {
    return !this.isEnabled || this.#subscription?.state === 'refused'
  }

  #subscribe(): void {
    if (this.#subscription !== undefined) return
    const { link, controlTopic } = this.#options
    const topic = controlTopic === undefined ? this.#monitor.controlTopic : controlTopic
    if (typeof topic !== 'string') return
    this.#subscription = controlSubscription(link, topic)
    this.#subscription.acquire(this)
  }

  #acceptDue(): void {
    const { deadlines } = this.#options
    this.#deadline = undefined
    const now = deadlines.now()
    for (let first = this.#unaccepted.first; first !== undefined; first = this.#unaccepted.first) {
      const left = first.receivedAt + ACCEPTANCE_DELAY - now
      if (left > 0) {
        this.#deadline = deadlines.add(left, () => this.#acceptDue())
        return
      }
      this.#unaccepted.remove(first)
      this.accept(first)
    }
  }

  #send(context: RequestContext, controlTopic: string): void {
    context.isAccepted = true
    const message = toAcceptance(context, controlTopic)
    if (message !== undefined) this.#options.link.publish$(message).subscribe({ error: () => undefined })
  }
}

function toAcceptance(context: RequestContext, controlTopic: string): OutgoingMessage | undefined {
  const { responseTopic: topic, correlation, message, timeLeft } = context
  if (topic === undefined) return undefined
  const userProperties = [...acceptance(controlTopic), ...context.acceptanceProperties]
  const response = { topic, payload: EMPTY_PAYLOAD, qos: message.qos, userProperties }
  return toMessage(response, correlation, timeLeft)
}
