import { AntiphonError, type AwaitedStep, type Link } from '@antiphon/core'
import {
  filter,
  ignoreElements,
  switchMap,
  take,
  timeout,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs'

/**
 * Watches that a subscription comes to stand.
 * - *complete*: it stands. *next*: never. *error*: `timeout` where the connection, or then the subscription, takes longer
 *   than so many milliseconds; `awaited` names which. Otherwise as `subscription$`. *unsubscribe*: watches no more.
 */
export function standing$(link: Link, topicFilter: string, milliseconds: number): Observable<never> {
  const within = <T>(awaited: AwaitedStep): MonoTypeOperatorFunction<T> =>
    timeout({
      first: milliseconds,
      scheduler: link.scheduler,
      with: () => {
        const why = `${topicFilter}: no ${awaited} within ${milliseconds} ms`
        throw new AntiphonError('timeout', why, { awaited, topic: topicFilter })
      },
    })
  return link.state$.pipe(
    filter(({ status }) => status === 'online'),
    take(1),
    within('connection'),
    switchMap(() => link.subscription$(topicFilter).pipe(take(1), within('subscription'))),
    ignoreElements(),
  )
}
