import { mergeMap, Observable } from 'rxjs'
import type { Message } from '../message.js'
import type { SubscriptionWindow } from './link.js'

/** From the windows of a subscription to its messages, each acknowledged once whoever listens has returned. */
export function messagesOf$(windows$: Observable<SubscriptionWindow>): Observable<Message> {
  const deliveries$ = windows$.pipe(mergeMap((window) => window.deliveries$))
  return new Observable((subscriber) =>
    deliveries$.subscribe({
      next: (delivery) => {
        subscriber.next(delivery.message)
        delivery.acknowledge()
      },
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  )
}
