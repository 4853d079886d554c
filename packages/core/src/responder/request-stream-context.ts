import type { Transfers } from '../chunk/transfers.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Delivery } from '../link/link.js'
import type { Message, UserProperties } from '../message.js'
import type { RequestItems } from '../stream/item-stream.js'
import { ItemReceiver } from './item-receiver.js'
import { ReceivedItems } from './received-items.js'
import { RequestContext } from './request-context.js'
import type { ResponderContext } from './responder-context.js'

/** Returns the context of a request that also receives its items. */
export type ReceiveItems = (...parts: ConstructorParameters<typeof RequestStreamContext>) => RequestContext

/** Receives the items of request streams. */
export const receiveItems: ReceiveItems = (...parts) => new RequestStreamContext(...parts)

/** A request that is a stream of items. It expires when its requester has been silent for the lifetime of the request. */
class RequestStreamContext extends RequestContext {
  readonly #items: RequestItems<unknown>
  readonly #receiver: ItemReceiver
  #aliveAt: number

  constructor(
    responder: ResponderContext,
    delivery: Delivery,
    correlation: ResponseCorrelation,
    responseTopic: string | undefined,
    transfers: Transfers,
  ) {
    super(responder, delivery, correlation, responseTopic)
    this.#aliveAt = this.receivedAt
    this.#receiver = new ItemReceiver(this, transfers)
    this.#items = new ReceivedItems(this.#receiver)
  }

  override get items(): RequestItems<unknown> {
    return this.#items
  }

  override get expiresAt(): number {
    return this.#aliveAt + this.lifetime
  }

  override get acceptanceProperties(): UserProperties {
    return this.#receiver.acceptanceProperties
  }

  override receiveItem(message: Message): void {
    if (!this.isOpen) return
    this.raiseCredit(0)
    this.#receiver.receive(message)
  }

  override raiseCredit(total: number): void {
    this.#aliveAt = this.responder.now()
    super.raiseCredit(total)
  }

  override close(): boolean {
    const wasOpen = super.close()
    this.#receiver.close()
    return wasOpen
  }
}
