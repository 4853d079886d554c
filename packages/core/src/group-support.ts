import {
  catchError,
  defer,
  ignoreElements,
  map,
  merge,
  of,
  switchMap,
  take,
  tap,
  throwError,
  timeout,
  type Observable,
} from 'rxjs'
import { v4 } from 'uuid'
import { requireNumber } from './argument.js'
import { AntiphonError } from './errors.js'
import type { Link } from './link/link.js'

/** What a broker makes of a group: gives it messages, refuses it, or takes it in and never gives it any. */
export type GroupSupport = 'works' | 'refused' | 'silent'

/** How long to wait for a message of one's own. */
export interface GroupSupportOptions {
  /** Milliseconds after which a group that got nothing is called silent. @defaultValue 2 000 */
  readonly timeout?: number
}

/**
 * Tries out whether the broker shares messages among the members of a group, as the `group` of `requests$` needs it. Some
 * brokers accept the subscription and deliver nothing, which only a message of one's own brings to light.
 *
 * - *on subscribe*: opens the link, joins a group that nobody else knows and publishes to it.
 * - *next, complete*: what came of it; nothing when the link is closed. *error*: the link could not be kept.
 * - *unsubscribe*: leaves the group.
 *
 * @example
 * ```ts
 * groupSupport$(link).subscribe((support) => console.log(support)) // works
 * ```
 */
export function groupSupport$(link: Link, options: GroupSupportOptions = {}): Observable<GroupSupport> {
  const timeoutMs = requireNumber('timeout', options.timeout ?? 2_000, { least: 1e-3 })
  return defer(() => {
    const topic = `antiphon/group/${v4()}`
    const probe = { topic, payload: new Uint8Array(), qos: 1 } as const
    return link.subscription$(`$share/antiphon/${topic}`).pipe(
      switchMap(({ deliveries$ }) =>
        merge(
          deliveries$.pipe(
            tap(({ acknowledge }) => acknowledge()),
            map(() => 'works' as const),
          ),
          link.publish$(probe).pipe(ignoreElements()),
        ).pipe(timeout({ first: timeoutMs, with: () => of('silent' as const), scheduler: link.scheduler })),
      ),
      catchError((thrown: unknown) => {
        const error = AntiphonError.from(thrown)
        return error.code === 'subscribe-refused' ? of('refused' as const) : throwError(() => error)
      }),
      take(1),
    )
  })
}
