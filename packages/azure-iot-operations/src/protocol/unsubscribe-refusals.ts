import type { Link } from '@antiphon/core'
import { filter, map, takeUntil, type MonoTypeOperatorFunction } from 'rxjs'

/** Fails when the broker refuses to end the subscription to `topicFilter`, which happens while a subscriber is drained. */
export function failOnRefusedUnsubscribe<T>(link: Link, topicFilter: string): MonoTypeOperatorFunction<T> {
  return takeUntil(
    link.incidents$.pipe(
      filter((incident) => incident.kind === 'unsubscribe-refused'),
      filter(({ error }) => error.topic === topicFilter),
      map(({ error }) => {
        throw error
      }),
    ),
  )
}
