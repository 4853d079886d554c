import { tap } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { LinkMiddleware, LinkState } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import { linkMiddleware } from './link-middleware.js'

/** One thing that happened on a link; `at` is milliseconds on its clock. */
export type LogEntry = { readonly at: number } & (
  | { readonly event: 'state'; readonly state: LinkState }
  | { readonly event: 'publish'; readonly message: OutgoingMessage }
  | { readonly event: 'acknowledged'; readonly message: OutgoingMessage; readonly reasonCode: number }
  | { readonly event: 'failed'; readonly message: OutgoingMessage; readonly error: AntiphonError }
  | { readonly event: 'message'; readonly message: Message; readonly filter: string }
)

/**
 * Tells of everything that passes: publishes and what became of them, messages, and the link's state as far as somebody
 * watches it. What to write where is for `log` to decide; payloads are in there as they went over the wire.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), logged(({ at, event }) => console.log(at, event)))
 * ```
 */
export function logged(log: (entry: LogEntry) => void): LinkMiddleware {
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
