import type { AntiphonError } from '../errors.js'
import type { ListNode } from '../linked-queue.js'

/** A user of a response subscription: an exchange, or what keeps the subscription open. */
export interface ResponseListener extends ListNode<ResponseListener> {
  /** Called when the broker has acknowledged the subscription, at once if it already has. */
  readonly onSubscribed: () => void
  /** Called when the session was lost, and with it perhaps responses. */
  readonly onSubscriptionLost: () => void
  /** Called when the broker has refused the subscription, or the link was closed. */
  readonly fail: (error: AntiphonError) => void
}
