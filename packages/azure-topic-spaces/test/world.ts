import type { Link, OutgoingMessage } from '@antiphon/core'
import { linkOver, type LinkOptions } from '@antiphon/core/link'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import { TestScheduler } from 'rxjs/testing'
import { deviceLinkOptions } from '../src/index.js'

/** A broker and devices on virtual time, connected with the options of `connectDevice`. */
export interface World {
  readonly broker: VirtualBroker
  readonly device: (deviceId: string, options?: LinkOptions) => Link
  /** Advances virtual time. */
  readonly advance: (milliseconds: number) => void
  /** All messages published so far, as topic and text. */
  readonly published: readonly (readonly [topic: string, payload: string])[]
  /** Publishes as another client. */
  readonly publish: (topic: string, payload: string | object) => void
  readonly now: () => number
}

/** Runs a test with a `World` in a `TestScheduler`. */
export function inWorld(test: (world: World) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const broker = virtualBroker({ scheduler, latency: 1 })
    const published: [string, string][] = []
    broker.published$.subscribe(({ message }) => published.push([message.topic, textOf(message)]))
    test({
      broker,
      device: (clientId, options = {}) => {
        const transport = broker.transport({ clientId, clean: false, protocolVersion: 4 })
        return linkOver(transport, {
          ...deviceLinkOptions,
          maxConnectionAge: 3_300_000,
          // Without jitter, a connection is replaced exactly at its age.
          reconnect: { random: () => 0 },
          ...options,
          scheduler,
        })
      },
      advance: (milliseconds) => {
        scheduler.maxFrames = scheduler.now() + milliseconds
        scheduler.schedule(() => undefined, milliseconds)
        scheduler.flush()
      },
      published,
      publish: (topic, payload) => {
        const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
        broker.publish({ topic, payload: new TextEncoder().encode(text) })
      },
      now: () => scheduler.now(),
    })
    // Stops timers that repeat for ever, such as reconnects.
    scheduler.maxFrames = scheduler.frame
  })
}

function textOf({ payload }: OutgoingMessage): string {
  return new TextDecoder().decode(payload)
}
