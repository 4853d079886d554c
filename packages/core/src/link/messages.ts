import { mergeMap, Observable } from 'rxjs'
import type { Message } from '../message.js'
import type { SubscriptionWindow } from './link.js'

/** Emits the messages of all windows of a subscription; acknowledges each after the subscriber's `next` returned. */
export function messagesOf$(windows$: Observable<SubscriptionWindow>): Observable<Message> {
  const deliveries$ = windows$.pipe(mergeMap(({ deliveries$ }) => deliveries$))
  return new Observable((subscriber) =>
    deliveries$.subscribe({
      next: ({ message, acknowledge }) => {
        // A subscriber that unsubscribed during a synchronous emission has not received its remaining messages.
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
