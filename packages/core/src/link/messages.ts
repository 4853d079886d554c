import { mergeMap, Observable } from 'rxjs'
import type { Message } from '../message.js'
import type { SubscriptionWindow } from './link.js'

/** From the windows of a subscription to its messages, each acknowledged once whoever listens has returned. */
export function messagesOf$(windows$: Observable<SubscriptionWindow>): Observable<Message> {
  const deliveries$ = windows$.pipe(mergeMap(({ deliveries$ }) => deliveries$))
  return new Observable((subscriber) =>
    deliveries$.subscribe({
      next: ({ message, acknowledge }) => {
        // Who left within an emission has not had what comes in the same one.
        if (subscriber.closed) return
        try {
          subscriber.next(message)
        } finally {
          acknowledge()
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  )
}
