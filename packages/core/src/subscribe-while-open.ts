import { Subject, takeUntil, type Observable, type Observer, type Subscriber } from 'rxjs'

/** Listens to a source for as long as somebody listens to us, also where it says all it has on being subscribed to. */
export function subscribeWhileOpen<A>(
  source: Observable<A>,
  us: Subscriber<unknown>,
  observer: Observer<A>,
): void {
  const left = new Subject<void>()
  us.add(() => left.next())
  if (!us.closed) us.add(source.pipe(takeUntil(left)).subscribe(observer))
}
