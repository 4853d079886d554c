import type { Observable } from 'rxjs'

/** Resolves with the first state of a link other than `connecting`. */
export function firstState<T extends { readonly status: string }>(states$: Observable<T>): Promise<T> {
  return new Promise((resolve) => {
    const subscription = states$.subscribe((state) => {
      if (state.status === 'connecting') return
      resolve(state)
      queueMicrotask(() => subscription.unsubscribe())
    })
  })
}
