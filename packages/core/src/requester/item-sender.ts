import { isLeft } from 'fp-ts/lib/Either.js'
import { Subscription } from 'rxjs'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { encodeWith } from '../codec/guard.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import { requestItem, signOfLife, toControlMessage, type ItemCredit } from '../protocol/control-message.js'
import { fromFailure, Status, toFailure, type Failure } from '../protocol/status.js'
import { renderValue } from '../rendering.js'
import { itemSource, type ItemSource } from '../stream/item-source.js'
import { reportThrown } from '../stream/report-thrown.js'
import { cancelAtResponder, sendCredit } from './control-channel.js'
import { exchangeError } from './exchange-error.js'
import type { Exchange } from './exchange.js'
import { SentItems, type SentItem } from './sent-items.js'

/** What a responder receives for an error of the requester's stream that is no `ApplicationError`. */
const STREAM_FAILED: Failure = {
  code: Status.internalError,
  message: 'the request stream failed',
  propertyName: 'Request',
}

const EMPTY = new Uint8Array()

/**
 * Sends the items of a request stream to the control topic of the responder that has the request.
 *
 * The messages have QoS 0, so that they pass requests that wait unacknowledged at the responder. Each item is kept until the
 * responder expects a later one. A responder that repeats its credit misses an item, and gets all that it has not received.
 */
export class ItemSender {
  readonly #exchange: Exchange
  readonly #items: unknown
  readonly #sent = new SentItems()
  readonly #publishing = new Subscription()
  #source: ItemSource | undefined
  /** The responder's control topic, and the attempt that it accepted; `undefined` while no responder takes items. */
  #receiver: { readonly topic: string; readonly attempts: number } | undefined
  /** How many items the responder accepts in all. */
  #total = 0
  #hasEnded = false
  #hasFailed = false
  #isStopped = false
  #isPumping = false

  constructor(exchange: Exchange, items: unknown) {
    this.#exchange = exchange
    this.#items = items
  }

  /** Whether items have been consumed, so that they cannot be sent again. */
  get hasReleased(): boolean {
    return this.#sent.firstIndex > 0
  }

  /** Starts the stream. Its items wait in a bounded buffer for credit. */
  start(): void {
    this.#source = itemSource(
      () => this.#items,
      () => this.#pump(),
      (items) => `the request is ${renderValue(items)}: it must be a stream of items`,
    )
    this.#pump()
  }

  /**
   * Sends what the responder accepts; again what it has not received, if it repeats its credit. Returns whether the credit is
   * up to date.
   */
  onCredit({ total, nextIndex }: ItemCredit): boolean {
    const isOther = this.#adoptReceiver()
    const { firstIndex } = this.#sent
    const fault = this.#faultOf(nextIndex, isOther)
    if (fault !== undefined) this.#exchange.fail(exchangeError(this.#exchange, 'protocol', fault))
    // An earlier acceptance may arrive late.
    if (this.#isStopped || nextIndex < firstIndex) return false
    const isRepeated = nextIndex === firstIndex && total === this.#total
    this.#sent.release(nextIndex)
    this.#total = Math.max(this.#total, total)
    if (isRepeated && !this.#sent.rewind(nextIndex)) sendCredit(this.#exchange, signOfLife())
    this.#pump()
    return true
  }

  /** Stops the stream, because the exchange has settled. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#publishing.unsubscribe()
    reportThrown(() => this.#source?.stop())
  }

  /** Notes the responder that has accepted the attempt. Returns whether it is another one; it gets all items. */
  #adoptReceiver(): boolean {
    const { attempts, control } = this.#exchange
    const topic = control?.topic ?? ''
    const previous = this.#receiver
    if (previous?.topic === topic && previous.attempts === attempts) return false
    this.#receiver = { topic, attempts }
    this.#total = 0
    this.#sent.rewind(this.#sent.firstIndex)
    return previous?.topic !== topic
  }

  #faultOf(nextIndex: number, isOtherReceiver: boolean): string | undefined {
    const { firstIndex, nextIndex: end } = this.#sent
    if (nextIndex > end) return `the responder expects item ${nextIndex}, but only ${end} were sent`
    if (isOtherReceiver && nextIndex < firstIndex)
      return `another responder has the request, and the first ${firstIndex} items cannot be sent again`
    return undefined
  }

  #pump(): void {
    // A source that emits synchronously calls this before `#source` is assigned.
    if (this.#isPumping || this.#source === undefined) return
    this.#isPumping = true
    do {
      this.#sendUnsent()
    } while (this.#pull())
    this.#isPumping = false
  }

  #sendUnsent(): void {
    if (this.#receiver === undefined) return
    for (let item = this.#sent.shiftUnsent(); item !== undefined; item = this.#sent.shiftUnsent())
      if (!this.#isStopped) this.#publishing.add(this.#publish(item, this.#receiver.topic))
  }

  /** Takes the next item from the source. Returns whether there was one. */
  #pull(): boolean {
    if (this.#isStopped || this.#hasEnded || this.#source === undefined) return false
    const next = this.#source.next(this.#sent.nextIndex < this.#total)
    if (next.kind === 'wait') return false
    if (next.kind === 'error') {
      this.#fail(next.error)
      return false
    }
    if (next.kind === 'end') {
      this.#hasEnded = true
      this.#sent.push(EMPTY, true)
      return true
    }
    const { endpoint } = this.#exchange.requester
    const encoded = encodeWith(endpoint.request, next.value)
    if (isLeft(encoded)) this.#fail(encoded.left)
    else this.#sent.push(encoded.right, false)
    return !this.#isStopped
  }

  /** Tells the responder that the stream has failed, and fails the exchange with the same error. */
  #fail(thrown: unknown): void {
    const error = AntiphonError.from(thrown)
    const failure = toFailure(thrown, STREAM_FAILED)
    this.#hasEnded = true
    this.#hasFailed = true
    if (this.#receiver === undefined) cancelAtResponder(this.#exchange, error.code)
    else {
      const position = { index: this.#sent.nextIndex, isLast: true }
      this.#publish({ payload: EMPTY, position, failure }, this.#receiver.topic)
    }
    this.#exchange.fail(error)
  }

  #publish(item: SentItem, topic: string): Subscription {
    const { link, monitor } = this.#exchange.requester
    const message = this.#toMessage(item, topic)
    if (message === undefined) return Subscription.EMPTY
    return publishWhole$(link, message, monitor.connectionInfo).subscribe({
      error: (error: unknown) => this.#onUnsent(AntiphonError.from(error)),
    })
  }

  /** The responder misses an item that was lost; an item that can never be sent fails the exchange. */
  #onUnsent(error: AntiphonError): void {
    const canNeverBeSent = error.code === 'too-large' || error.code === 'invalid-argument'
    if (canNeverBeSent && !this.#isStopped && !this.#hasFailed) this.#fail(error)
  }

  #toMessage({ payload, position, failure }: SentItem, topic: string): OutgoingMessage | undefined {
    const { endpoint, rules } = this.#exchange.requester
    const { identity } = this.#exchange.request
    if (identity === undefined) return undefined
    const status = failure === undefined ? [] : fromFailure(failure)
    const properties = [...requestItem(position), ...status]
    const message = toControlMessage(topic, identity, properties, rules.timeout)
    if (position.isLast) return message
    const { contentType, isText } = endpoint.request
    return { ...message, payload, contentType, payloadFormatIndicator: isText }
  }
}
