import { AntiphonError } from '@antiphon/core'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import type { Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'

export interface World {
  readonly broker: VirtualBroker
  readonly advance: (milliseconds: number) => void
  readonly record: <T>(stream$: Observable<T>) => Recording<T>
}

export interface Recording<T> {
  readonly values: readonly T[]
  readonly error: () => AntiphonError | undefined
  readonly stop: () => void
}

/** Runs a test on virtual time. */
export function inWorld(test: (world: World) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const advance = (milliseconds: number): void => {
      scheduler.maxFrames = scheduler.now() + milliseconds
      scheduler.schedule(() => undefined, milliseconds)
      scheduler.flush()
    }
    const record = <T>(stream$: Observable<T>): Recording<T> => {
      const values: T[] = []
      let error: AntiphonError | undefined
      const subscription = stream$.subscribe({
        next: (value) => values.push(value),
        error: (thrown: unknown) => (error = AntiphonError.from(thrown)),
      })
      return { values, error: () => error, stop: () => subscription.unsubscribe() }
    }
    test({ broker: virtualBroker({ scheduler }), advance, record })
    scheduler.maxFrames = scheduler.frame
  })
}
