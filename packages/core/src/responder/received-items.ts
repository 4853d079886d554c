import { Observable, type Observer } from 'rxjs'
import { ItemQueue } from '../stream/item-queue.js'
import type { RequestItems } from '../stream/item-stream.js'
import type { ItemReceiver } from './item-receiver.js'

/** The items of a request, for an Observer or a `for await` loop. */
export class ReceivedItems extends Observable<unknown> implements RequestItems<unknown> {
  readonly #receiver: ItemReceiver

  constructor(receiver: ItemReceiver) {
    super((subscriber) => {
      const reader: Observer<unknown> = {
        next: (item) => {
          subscriber.next(item)
          receiver.consumed()
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }
      subscriber.add(() => receiver.leave(reader))
      receiver.open(reader)
    })
    this.#receiver = receiver
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    const receiver = this.#receiver
    const queue = new ItemQueue<unknown>(() => receiver.consumed())
    const reader: Observer<unknown> = {
      next: (item) => queue.push(item),
      error: (error) => queue.end(error),
      complete: () => queue.end(),
    }
    let isRead = false
    return {
      next: () => {
        const item = queue.read()
        if (!isRead) receiver.open(reader)
        isRead = true
        return item
      },
      return: () => {
        receiver.leave(reader)
        return Promise.resolve(queue.close())
      },
    }
  }
}
