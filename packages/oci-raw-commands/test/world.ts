import { createPlatform, type Platform } from '../src/platform/index.js'
import type { CommandRecord, Invocation } from '../src/index.js'
import type { Link } from '@antiphon/core'
import type { LocalLinkOptions } from '@antiphon/broker'
import { either } from 'fp-ts'
import { TestScheduler } from 'rxjs/testing'

/** The device of most tests. */
export const lamp = { id: 'ocid1.lamp', externalKey: 'lamp-key', password: 'lamp-secret' }
/** Another device. */
export const door = { id: 'ocid1.door', externalKey: 'door-key', password: 'door-secret' }

/** The command of the original demo. */
export const hello: Invocation = {
  requestDataFormat: 'JSON',
  requestEndpoint: 'iot/v1/cmd',
  requestDuration: 'PT10M',
  responseEndpoint: 'iot/v1/rsp',
  responseDuration: 'PT10M',
  requestData: { hello: 'world' },
}

/** The platform and its devices on virtual time. */
export interface World {
  readonly platform: Platform
  readonly device: (instance: typeof lamp, options?: LocalLinkOptions) => Link
  readonly invoke: (body?: Partial<Invocation>, instance?: typeof lamp) => string
  /** Returns the statuses of a record, each with its time in seconds. */
  readonly statusHistory: (id: string) => readonly (readonly [second: number, status: string])[]
  readonly at: (time: number, work: () => void) => void
  readonly run: (until: number) => void
}

/** Runs a test with a `World` in a `TestScheduler`. */
export function inWorld(test: (world: World) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  const platform = createPlatform({ instances: [lamp, door], scheduler })
  const changes: { readonly time: number; readonly record: CommandRecord }[] = []
  platform.changes$.subscribe((record) => changes.push({ time: scheduler.now(), record }))
  scheduler.run(() => {
    test({
      platform,
      device: ({ externalKey, password }, options = {}) =>
        platform.broker.link({
          clientId: `${externalKey}-client`,
          clean: false,
          sessionExpiryInterval: 1e6,
          username: externalKey,
          password,
          ...options,
        }),
      invoke: (body = {}, { id } = lamp) => {
        const invoked = platform.invoke(id, { ...hello, ...body })
        if (either.isLeft(invoked)) throw new Error(JSON.stringify(invoked.left))
        return invoked.right
      },
      statusHistory: (id) =>
        changes
          .filter(({ record }) => record.id === id)
          .map(({ time, record }) => [Math.floor(time / 1_000), record.delivery_status]),
      at: (time, work) => void scheduler.schedule(work, time),
      run: (until) => {
        scheduler.maxFrames = until
        scheduler.flush()
      },
    })
  })
}
