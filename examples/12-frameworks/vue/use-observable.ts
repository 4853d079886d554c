import type { Observable } from 'rxjs'
import {
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'

/**
 * Subscribes until the component is unmounted, and again when the source
 * changes. Returns the latest value.
 */
export function useObservable<A>(
  source: MaybeRefOrGetter<Observable<A>>,
  initial: A,
): Readonly<ShallowRef<A>> {
  const latest = shallowRef(initial)
  watch(
    () => toValue(source),
    (source$, _previous, onCleanup) => {
      const subscription = source$.subscribe((value) => {
        latest.value = value
      })
      onCleanup(() => subscription.unsubscribe())
    },
    { immediate: true },
  )
  return latest
}
