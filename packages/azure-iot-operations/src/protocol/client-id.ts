import type { Link } from '@antiphon/core'
import { defer, filter, map, of, take, tap, throwError, timeout, type Observable } from 'rxjs'
import { OperationsError, type OperationsErrorDetails } from '../operations-error.js'

/** The client identifiers of links that have been connected. */
const clientIds = new WeakMap<Link, string>()

/**
 * Emits the client identifier of a link, which it has from its first connection on, then completes; opens the link. Fails
 * with `timeout` if the link is not connected in time.
 */
export function clientId$(
  link: Link,
  waitTimeout: number,
  details: OperationsErrorDetails,
): Observable<string> {
  return defer(() => {
    const known = clientIds.get(link)
    if (known !== undefined) return of(known)
    return link.state$.pipe(
      filter((state) => state.status === 'online'),
      map(({ info }) => info.clientId),
      take(1),
      tap((clientId) => clientIds.set(link, clientId)),
      timeout({
        first: waitTimeout,
        scheduler: link.scheduler,
        with: () => notConnected$(waitTimeout, details),
      }),
    )
  })
}

function notConnected$(waitTimeout: number, details: OperationsErrorDetails): Observable<never> {
  const message = `${details.commandName ?? 'telemetry'}: not connected within ${waitTimeout} ms`
  return throwError(
    () =>
      new OperationsError('timeout', message, details, { awaited: 'connection', phase: 'before-network' }),
  )
}
