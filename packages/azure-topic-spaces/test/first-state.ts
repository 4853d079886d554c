import type { Observable } from 'rxjs'

/** Resolves with the first state of a link that is not `connecting`. */
export function firstState<T extends { readonly status: string }>(states$: Observable<T>): Promise<T> {
  return new Promise((resolve) => {
    const watching = states$.subscribe((state) => {
      if (state.status === 'connecting') return
      resolve(state)
      queueMicrotask(() => watching.unsubscribe())
    })
  })
}
