import { endpoint, exchange$, text } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { virtualBroker } from '@antiphon/testing'
import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Lets the virtual time of a scheduler pass. */
function advance(scheduler: VirtualTimeScheduler, milliseconds: number): void {
  scheduler.maxFrames = scheduler.frame + milliseconds
  scheduler.schedule(() => undefined, milliseconds)
  scheduler.flush()
}

it('times reconnecting and kept subscriptions by the background scheduler, and requests by the other one', () => {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const backgroundScheduler = new VirtualTimeScheduler(undefined, 0)
  const broker = virtualBroker({ scheduler })
  const link = linkOver(broker.transport({ clientId: 'requester' }), {
    scheduler,
    backgroundScheduler,
    reconnect: { initial: 1_000, maximum: 1_000, jitter: 0 },
  })
  const statuses: string[] = []
  link.state$.subscribe(({ status }) => statuses.push(status))
  const failures: unknown[] = []
  exchange$(link, echo, 'x', { timeout: 5_000 }).subscribe({
    error: (error: unknown) => failures.push(error),
  })
  advance(scheduler, 100)
  expect(statuses).toEqual(['connecting', 'online'])
  advance(scheduler, 5_000)
  expect(failures).toMatchObject([{ code: 'timeout' }])
  advance(scheduler, 60_000)
  expect(broker.subscriptions().map(({ filter }) => filter)).toEqual(['response/requester'])
  advance(backgroundScheduler, 30_000)
  advance(scheduler, 100)
  expect(broker.subscriptions()).toEqual([])
  broker.restart()
  advance(scheduler, 60_000)
  expect(statuses.at(-1)).toBe('offline')
  advance(backgroundScheduler, 1_000)
  advance(scheduler, 100)
  expect(statuses.at(-1)).toBe('online')
})
