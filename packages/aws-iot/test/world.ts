import { localService, type HandledRequest, type LocalService } from '@antiphon/aws-iot/local'
import type { AntiphonError, Link, OutgoingMessage } from '@antiphon/core'
import { fieldsOf, frame, inVirtualWorld, type VirtualWorld } from '@antiphon/workshop/virtual-world'
import type { Observable } from 'rxjs'

export interface World extends VirtualWorld {
  readonly link: Link
  readonly service: LocalService
  readonly handled: readonly HandledRequest[]
  /** Publishes a message as a program without the library. */
  readonly publish: (topic: string, payload: object | string | Uint8Array) => void
  /** Returns the payloads that were published to a topic since the last call. */
  readonly received: (topic: string) => readonly unknown[]
}

/** Runs a test with a local service on virtual time. */
export function inWorld(test: (world: World) => void): void {
  inVirtualWorld((world) => {
    const { broker, advance, record } = world
    const published: OutgoingMessage[] = []
    broker.published$.subscribe(({ message }) => published.push(message))
    const service = localService(broker.link({ clientId: 'aws-iot' }))
    const { values: handled } = record(service.handled$)
    advance(20)
    test({
      ...world,
      link: broker.link({ clientId: 'device' }),
      service,
      handled,
      publish: (topic, payload) => {
        broker.publish({ topic, payload: bytesOf(payload), qos: 1 })
        advance(20)
      },
      received: (topic) =>
        published
          .splice(0)
          .filter((message) => message.topic === topic)
          .map(fieldsOf),
    })
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

function bytesOf(payload: object | string | Uint8Array): Uint8Array {
  if (payload instanceof Uint8Array) return payload
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : frame(payload)
}
