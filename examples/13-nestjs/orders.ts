import { endpoint, json } from '@antiphon/core'
import { InjectRequester, type RequesterOf } from '@antiphon/nestjs'
import { ConflictException, Controller, Injectable } from '@nestjs/common'
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices'
import * as t from 'io-ts'
import { from, map, type Observable } from 'rxjs'

const Order = t.type({ item: t.string, count: t.number })

/** A contract that both sides share: with it, requests are typed and checked. */
export const placeOrder = endpoint({
  name: 'place an order',
  topic: 'orders/place',
  request: json(Order),
  response: json(t.type({ id: t.number })),
})

/** The handlers of the service. */
@Controller()
export class OrdersController {
  #stock = 5
  #lastId = 0

  @MessagePattern(placeOrder)
  place(@Payload() { item, count }: t.TypeOf<typeof Order>): { id: number } {
    if (count > this.#stock) throw new ConflictException(`${this.#stock} ${item} are left`)
    this.#stock -= count
    return { id: ++this.#lastId }
  }

  @MessagePattern({ cmd: 'steps' })
  steps(@Payload() id: number): Observable<string> {
    return from(['packed', 'sent', 'delivered']).pipe(map((step) => `order ${id} is ${step}`))
  }

  @EventPattern('orders/+/rated')
  rated(@Payload() stars: number): void {
    console.log(`rated with ${stars} stars`)
  }
}

/** A provider of another application, with a requester of the contract. */
@Injectable()
export class Shop {
  readonly #placeOrder: RequesterOf<typeof placeOrder>

  constructor(@InjectRequester(placeOrder) requester: RequesterOf<typeof placeOrder>) {
    this.#placeOrder = requester
  }

  async buy(item: string, count: number): Promise<number> {
    const { id } = await this.#placeOrder.request({ item, count })
    return id
  }
}
