import { AntiphonError, type OutgoingMessage } from '@antiphon/core'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import type { Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'

/** A broker on virtual time, for tests of adapters that go forward step by step. */
export interface VirtualWorld {
  readonly broker: VirtualBroker
  /** Lets virtual milliseconds pass. */
  readonly advance: (milliseconds: number) => void
  /** Subscribes to a stream, and records what it emits. */
  readonly record: <T>(stream$: Observable<T>) => Recording<T>
}

/** What a stream has emitted so far. */
export interface Recording<T> {
  readonly values: readonly T[]
  readonly error: () => AntiphonError | undefined
  /** Unsubscribes from the stream. */
  readonly stop: () => void
}

/** Runs a test on virtual time. */
export function inVirtualWorld(test: (world: VirtualWorld) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const advance = (milliseconds: number): void => {
      scheduler.maxFrames = scheduler.now() + milliseconds
      scheduler.schedule(() => undefined, milliseconds)
      scheduler.flush()
    }
    test({ broker: virtualBroker({ scheduler }), advance, record })
    scheduler.maxFrames = scheduler.frame
  })
}

function record<T>(stream$: Observable<T>): Recording<T> {
  const values: T[] = []
  let error: AntiphonError | undefined
  const subscription = stream$.subscribe({
    next: (value) => values.push(value),
    error: (thrown: unknown) => (error = AntiphonError.from(thrown)),
  })
  return { values, error: () => error, stop: () => subscription.unsubscribe() }
}

/** Returns the payload of a JSON object, as a peer without this library sends it. */
export function frame(fields: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(fields))
}

/** Returns the fields of a JSON object in a payload. */
export function fieldsOf({ payload }: Pick<OutgoingMessage, 'payload'>): Readonly<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(payload)) as Readonly<Record<string, unknown>>
}
