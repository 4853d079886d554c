import { Subject, Subscription, takeUntil, type Observable, type Observer, type Subscriber } from 'rxjs'

/** Subscribes to `source` until the downstream closes, also during a synchronous emission. */
export function subscribeWhileOpen<A>(
  source: Observable<A>,
  downstream: Subscriber<unknown>,
  observer: Observer<A>,
): void {
  const closed = new Subject<void>()
  const onClose = new Subscription(() => closed.next())
  downstream.add(onClose)
  if (downstream.closed) return
  downstream.add(source.pipe(takeUntil(closed)).subscribe(observer))
  // From here on, the subscription is enough. What ended a synchronous emission would stay in memory as long as it.
  downstream.remove(onClose)
  closed.complete()
}
