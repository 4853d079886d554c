import type { Link, OutgoingMessage } from '@antiphon/core'
import { linkOver, type LinkOptions } from '@antiphon/core/link'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import { TestScheduler } from 'rxjs/testing'
import { deviceLinkOptions } from '../src/index.js'

/** A broker and devices on virtual time, connected as `connectDevice` connects them. */
export interface World {
  readonly broker: VirtualBroker
  readonly device: (deviceId: string, options?: LinkOptions) => Link
  /** Runs virtual time for so many milliseconds. */
  readonly advance: (milliseconds: number) => void
  /** What was published so far, as topic and text. */
  readonly published: readonly (readonly [topic: string, payload: string])[]
  /** Publishes as a stranger. */
  readonly say: (topic: string, payload: string | object) => void
  readonly now: () => number
}

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
        return linkOver(transport, { ...deviceLinkOptions, renewAfter: 3_300_000, ...options, scheduler })
      },
      advance: (milliseconds) => {
        scheduler.maxFrames = scheduler.now() + milliseconds
        scheduler.schedule(() => undefined, milliseconds)
        scheduler.flush()
      },
      published,
      say: (topic, payload) => {
        const said = typeof payload === 'string' ? payload : JSON.stringify(payload)
        broker.publish({ topic, payload: new TextEncoder().encode(said) })
      },
      now: () => scheduler.now(),
    })
    // What would go on for ever ends here.
    scheduler.maxFrames = scheduler.frame
  })
}

function textOf({ payload }: OutgoingMessage): string {
  return new TextDecoder().decode(payload)
}
