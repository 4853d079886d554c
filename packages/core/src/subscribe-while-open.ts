import { Subject, takeUntil, type Observable, type Observer, type Subscriber } from 'rxjs'

/** Subscribes to `source` until the downstream closes, also during a synchronous emission. */
export function subscribeWhileOpen<A>(
  source: Observable<A>,
  downstream: Subscriber<unknown>,
  observer: Observer<A>,
): void {
  const closed = new Subject<void>()
  downstream.add(() => closed.next())
  if (!downstream.closed) downstream.add(source.pipe(takeUntil(closed)).subscribe(observer))
}
