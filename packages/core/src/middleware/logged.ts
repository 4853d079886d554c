import { tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import { AntiphonError } from '../errors.js'

import type { LinkMiddleware, LinkState } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import { linkMiddleware } from './link-middleware.js'

/** An event on a link; `at` is milliseconds on the link's clock. */
export type LogEntry = { readonly at: number } & (
  | { readonly event: 'state'; readonly state: LinkState }
  | { readonly event: 'publish'; readonly message: OutgoingMessage }
  | { readonly event: 'acknowledged'; readonly message: OutgoingMessage; readonly reasonCode: number }
  | { readonly event: 'failed'; readonly message: OutgoingMessage; readonly error: AntiphonError }
  | { readonly event: 'message'; readonly message: Message; readonly filter: string }
)

/**
 * Calls `log` for each publish and its result, each received message, and each state while `state$` is subscribed.
 *
 * Entries contain the payloads as they are on the wire; redact them in `log` if they are confidential.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), logged(({ at, event }) => console.log(at, event)))
 * ```
 */
export function logged(log: (entry: LogEntry) => void): LinkMiddleware {
  requireArgument('log', log, 'function')
  return (link) => {
    const at = (): number => link.scheduler.now()
    const middleware = linkMiddleware({
      publish$: (message, next) =>
        next(message).pipe(
          tap({
            subscribe: () => log({ at: at(), event: 'publish', message }),
            next: ({ reasonCode }) => log({ at: at(), event: 'acknowledged', message, reasonCode }),
            error: (error: unknown) =>
              log({ at: at(), event: 'failed', message, error: AntiphonError.from(error) }),
          }),
        ),
      deliveries$: (deliveries$, filter) =>
        deliveries$.pipe(tap(({ message }) => log({ at: at(), event: 'message', message, filter }))),
    })
    return {
      ...middleware(link),
      state$: link.state$.pipe(tap((state) => log({ at: at(), event: 'state', state }))),
    }
  }
}
