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
import { requireArgument } from './argument.js'
import { AntiphonError } from './errors.js'
import type { Link } from './link/link.js'
import { durationRule, type OptionRules } from './option-rules.js'

/** How a broker treats a shared subscription: it delivers messages, refuses the subscription, or delivers nothing. */
export type GroupSupport = 'works' | 'refused' | 'silent'

/** Options of `groupSupport$`. */
export interface GroupSupportOptions {
  /** Milliseconds without a message after which the result is `silent`. @defaultValue 2 000 */
  readonly timeout?: number
}

const groupSupportOptionRules: OptionRules<GroupSupportOptions> = { timeout: durationRule }

/**
 * Tests whether the broker supports shared subscriptions, which the `group` of `requests$` needs. Some brokers grant the
 * subscription but deliver nothing, which only a test message reveals.
 *
 * - *on subscribe*: opens the link, subscribes to a new group and publishes a message to it.
 * - *next*: the result. *complete*: after the result, or without one if the link was closed.
 * - *error*: the link failed. *unsubscribe*: unsubscribes from the group.
 *
 * @example
 * ```ts
 * groupSupport$(link).subscribe((support) => console.log(support)) // works
 * ```
 */
export function groupSupport$(link: Link, options: GroupSupportOptions = {}): Observable<GroupSupport> {
  requireArgument('options', options, groupSupportOptionRules)
  const { timeout: timeoutMs = 2_000 } = options
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
