import type { Link, Message } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { EMPTY, NEVER, tap } from 'rxjs'

/**
 * The link of a durable requester.
 *
 * A response that the broker has kept in the session arrives before its request could be sent again. The link therefore
 * passes each message to `onMessage` first, which starts the exchange of a stored request without sending it.
 */
export class RecoverableLink {
  readonly link: Link
  #isMuted = false
  #isClosed = false

  constructor(link: Link, onMessage: (message: Message) => void) {
    const recoverable = linkMiddleware({
      // A muted message counts as lost: the exchange sends it again if no response follows.
      publish$: (message, next) => {
        if (this.#isClosed) return EMPTY
        return this.#isMuted ? NEVER : next(message)
      },
      deliveries$: (deliveries$) => deliveries$.pipe(tap(({ message }) => onMessage(message))),
    })
    this.link = recoverable(link)
  }

  /** Calls a function that starts an exchange, but does not publish its request. */
  withoutPublishing(start: () => void): void {
    this.#isMuted = true
    try {
      start()
    } finally {
      this.#isMuted = false
    }
  }

  /** Publishes nothing more, so that requests whose exchange ends are not cancelled at their responders. */
  close(): void {
    this.#isClosed = true
  }
}
