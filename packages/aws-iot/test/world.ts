import { localService, type HandledRequest, type LocalService } from '@antiphon/aws-iot/local'
import { AntiphonError, type Link, type OutgoingMessage } from '@antiphon/core'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import type { Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { fieldsOf } from './frame.js'

export interface World {
  readonly broker: VirtualBroker
  readonly link: Link
  readonly service: LocalService
  readonly handled: readonly HandledRequest[]
  /** Publishes a message as a program without the library. */
  readonly publish: (topic: string, payload: object | string | Uint8Array) => void
  /** Returns the payloads that were published to a topic since the last call. */
  readonly received: (topic: string) => readonly unknown[]
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
    const broker = virtualBroker({ scheduler })
    const published: OutgoingMessage[] = []
    broker.published$.subscribe(({ message }) => published.push(message))
    const service = localService(broker.link({ clientId: 'aws-iot' }))
    const { values: handled } = record(service.handled$)
    advance(20)
    test({
      broker,
      link: broker.link({ clientId: 'device' }),
      service,
      handled,
      advance,
      record,
      publish: (topic, payload) => {
        const text =
          payload instanceof Uint8Array || typeof payload === 'string' ? payload : JSON.stringify(payload)
        broker.publish({
          topic,
          payload: typeof text === 'string' ? new TextEncoder().encode(text) : text,
          qos: 1,
        })
        advance(20)
      },
      received: (topic) =>
        published
          .splice(0)
          .filter((message) => message.topic === topic)
          .map(fieldsOf),
    })
    scheduler.maxFrames = scheduler.frame
  })
}

/** Runs a request to its end, and returns what it has emitted or its error. */
export function outcome<T>(
  { record, advance }: World,
  request$: Observable<T>,
): readonly T[] | AntiphonError {
  const { values, error } = record(request$)
  advance(40)
  return error() ?? values
}
