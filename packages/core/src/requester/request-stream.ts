import type { DecodedOnce } from '../codec/decoded-once.js'
import type { Message, UserProperties } from '../message.js'
import { itemCreditOf } from '../protocol/control-message.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { Exchange } from './exchange.js'
import { ItemSender } from './item-sender.js'
import type { ResponseHandler, TimeoutResult } from './response-handler.js'

/** Returns the response handler of a request that also sends its items. */
export type SendItems = (items: unknown, responses: ResponseHandler) => ResponseHandler

/** Sends the items of request streams. */
export const sendItems: SendItems = (items, responses) => new RequestStream(items, responses)

/** The response handler of a request that is a stream: it sends the items, and another handler reads the responses. */
class RequestStream implements ResponseHandler {
  readonly #items: unknown
  readonly #responses: ResponseHandler
  #sender: ItemSender | undefined
  #controlTopic: string | undefined

  constructor(items: unknown, responses: ResponseHandler) {
    this.#items = items
    this.#responses = responses
  }

  get requestProperties(): UserProperties {
    return this.#responses.requestProperties ?? []
  }

  /** Once the responder has consumed items, they are gone here, and no other responder could get them. */
  get canRepeat(): boolean {
    return this.#sender?.hasReleased !== true
  }

  onStarted(exchange: Exchange): void {
    if (!exchange.isSettled) this.#senderOf(exchange)
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    this.#responses.receive(response, exchange)
  }

  onAccepted(exchange: Exchange, message: Message): void {
    const controlTopic = exchange.control?.topic
    if (controlTopic !== this.#controlTopic) this.#responses.onAccepted?.(exchange, message)
    this.#controlTopic = controlTopic
    const credit = itemCreditOf(message)
    if (credit === undefined) return
    if (this.#senderOf(exchange).onCredit(credit)) this.#extendTimeout(exchange)
  }

  onTimeout(exchange: Exchange): TimeoutResult | undefined {
    return this.#responses.onTimeout?.(exchange)
  }

  onSettled(): void {
    this.#sender?.stop()
  }

  /** A responder measures the silence of its requester in whole seconds, so the requester waits as long. */
  #extendTimeout(exchange: Exchange): void {
    const { timeout } = exchange.requester.rules
    const milliseconds = Math.max(timeout, toExpirySeconds(timeout) * 1_000)
    if (this.#responses.extendTimeout === undefined) exchange.extendTimeout(milliseconds)
    else this.#responses.extendTimeout(exchange, milliseconds)
  }

  #senderOf(exchange: Exchange): ItemSender {
    if (this.#sender === undefined) {
      this.#sender = new ItemSender(exchange, this.#items)
      this.#sender.start()
    }
    return this.#sender
  }
}
