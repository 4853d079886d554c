import { AntiphonError } from '@antiphon/core'
import { Subscription, type Observable } from 'rxjs'

/** The recorded values and end of a stream. */
export interface StreamRecording<T> {
  /** The values received so far. */
  readonly values: readonly T[]
  /** Returns how the stream ended, or `undefined` while it is open. */
  readonly ending: () => 'complete' | AntiphonError | undefined
  /** Resolves with all values once there are `count`; rejects if the stream ends earlier. */
  readonly until: (count: number) => Promise<readonly T[]>
  /** Resolves with how the stream ended. */
  readonly ended: () => Promise<'complete' | AntiphonError>
  readonly unsubscribe: () => void
}

/** Subscribes to `source$` and records it; `onNext` runs synchronously within each emission. */
export function recordStream<T>(
  source$: Observable<T>,
  onNext: (value: T) => void = () => undefined,
): StreamRecording<T> {
  const values: T[] = []
  const waiters = new Set<() => void>()
  const subscription = new Subscription()
  let ending: 'complete' | AntiphonError | undefined
  const notifyWaiters = (): void => {
    for (const read of [...waiters]) read()
  }
  const whenDefined = <R>(read: () => R | undefined): Promise<R> =>
    new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          const result = read()
          if (result === undefined) return
          waiters.delete(attempt)
          resolve(result)
        } catch (error) {
          waiters.delete(attempt)
          reject(AntiphonError.from(error))
        }
      }
      waiters.add(attempt)
      attempt()
    })

  subscription.add(
    source$.subscribe({
      next: (value) => {
        values.push(value)
        onNext(value)
        notifyWaiters()
      },
      error: (error: unknown) => {
        ending = AntiphonError.from(error)
        notifyWaiters()
      },
      complete: () => {
        ending = 'complete'
        notifyWaiters()
      },
    }),
  )
  return {
    values,
    ending: () => ending,
    until: (count) =>
      whenDefined(() => {
        if (values.length >= count) return [...values]
        if (ending === undefined) return undefined
        if (ending !== 'complete') throw ending
        throw new Error(`stream completed after ${values.length} values: expected ${count}`)
      }),
    ended: () => whenDefined(() => ending),
    unsubscribe: () => subscription.unsubscribe(),
  }
}
