import { useMemo, useSyncExternalStore } from 'react'
import type { Observable } from 'rxjs'

/**
 * Subscribes while the component is mounted, and again when it gets another
 * source. Returns the latest value.
 */
export function useObservable<A>(source$: Observable<A>, initial: A): A {
  const store = useMemo(() => {
    let latest = initial
    return {
      subscribe: (onChange: () => void) => {
        const subscription = source$.subscribe((value) => {
          latest = value
          onChange()
        })
        return () => subscription.unsubscribe()
      },
      latest: () => latest,
    }
  }, [source$, initial])
  return useSyncExternalStore(store.subscribe, store.latest)
}
