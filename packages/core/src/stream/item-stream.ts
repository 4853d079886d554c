import type { Observable, ObservableInput } from 'rxjs'

/** A stream of items: an Observable, an iterable or an async iterable. A string is no stream of its characters. */
export type ItemStream<Item> =
  | Exclude<ObservableInput<Item>, ArrayLike<Item> | Iterable<Item>>
  | readonly Item[]
  | (Iterable<Item> & object)

/**
 * The items of a request that is a stream, as its handler receives them. They can be read once: as an Observable, or by a
 * `for await` loop.
 *
 * The requester sends at most `credit` items ahead. In a `for await` loop an item counts as consumed when the loop reads it,
 * so a slow loop slows the requester down; the Observable consumes an item when it emits it.
 *
 * - *on subscribe*: lets the requester send.
 * - *next*: an item, in the order in which it was sent.
 * - *complete*: the requester's stream has completed.
 * - *error*: the requester's stream has failed, an item cannot be decoded or is missing, the requester has cancelled, or the
 *   request has ended before its stream.
 * - *unsubscribe*: the requester gets no more credit.
 */
export type RequestItems<Item> = AsyncIterable<Item> & Observable<Item>
