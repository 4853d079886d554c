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
 * Completes when the broker has granted a subscription.
 * - *on subscribe*: connects and subscribes. *next*: never. *complete*: the subscription is granted.
 * - *error*: `timeout` if the connection, or then the subscription, takes longer than `stepTimeout` stepTimeout; `awaited`
 *   is the step. Otherwise as `subscription$`. *unsubscribe*: releases the subscription.
 */
export function subscriptionReady$(link: Link, topicFilter: string, stepTimeout: number): Observable<never> {
  const limit = <T>(awaited: AwaitedStep): MonoTypeOperatorFunction<T> =>
    timeout({
      first: stepTimeout,
      scheduler: link.scheduler,
      with: () => {
        const message = `cannot subscribe to ${topicFilter}: no ${awaited} within startTimeout (${stepTimeout} ms)`
        throw new AntiphonError('timeout', message, { awaited, topic: topicFilter })
      },
    })
  return link.state$.pipe(
    filter(({ status }) => status === 'online'),
    take(1),
    limit('connection'),
    switchMap(() => link.subscription$(topicFilter).pipe(take(1), limit('subscription'))),
    ignoreElements(),
  )
}
