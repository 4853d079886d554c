import { Observable, type MonoTypeOperatorFunction } from 'rxjs'

/** Returns the operator that fails with the error of the first connection, besides the errors of the source. */
export function failingWith<A>(connected$: Observable<never>): MonoTypeOperatorFunction<A> {
  return (source) =>
    new Observable((subscriber) => {
      subscriber.add(connected$.subscribe({ error: (error: unknown) => subscriber.error(error) }))
      subscriber.add(source.subscribe(subscriber))
    })
}
