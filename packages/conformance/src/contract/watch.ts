import { AntiphonError } from '@antiphon/core'
import { Subscription, type Observable } from 'rxjs'

/** A stream that is listened to from the moment it is watched. */
export interface Watch<T> {
  /** What came so far. */
  readonly values: readonly T[]
  /** How it ended, when it did. */
  readonly ending: () => 'complete' | AntiphonError | undefined
  /** Resolves with all values once there are `count`; rejects when the stream ends short of that. */
  readonly until: (count: number) => Promise<readonly T[]>
  /** Resolves with how it ended. */
  readonly ended: () => Promise<'complete' | AntiphonError>
  readonly unsubscribe: () => void
}

/** Listens to `source$` from now on; `onNext` runs within each emission. */
export function watch<T>(source$: Observable<T>, onNext: (value: T) => void = () => undefined): Watch<T> {
  const values: T[] = []
  const waiting = new Set<() => void>()
  const subscription = new Subscription()
  let ending: 'complete' | AntiphonError | undefined
  const happened = (): void => {
    for (const look of [...waiting]) look()
  }
  const when = <R>(look: () => R | undefined): Promise<R> =>
    new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          const result = look()
          if (result === undefined) return
          waiting.delete(attempt)
          resolve(result)
        } catch (error) {
          waiting.delete(attempt)
          reject(AntiphonError.from(error))
        }
      }
      waiting.add(attempt)
      attempt()
    })

  subscription.add(
    source$.subscribe({
      next: (value) => {
        values.push(value)
        onNext(value)
        happened()
      },
      error: (error: unknown) => {
        ending = AntiphonError.from(error)
        happened()
      },
      complete: () => {
        ending = 'complete'
        happened()
      },
    }),
  )
  return {
    values,
    ending: () => ending,
    until: (count) =>
      when(() => {
        if (values.length >= count) return [...values]
        if (ending === undefined) return undefined
        if (ending !== 'complete') throw ending
        throw new Error(`The stream completed after ${values.length} of ${count} values.`)
      }),
    ended: () => when(() => ending),
    unsubscribe: () => subscription.unsubscribe(),
  }
}
