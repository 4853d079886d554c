import { groupSupport$ } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { marbles, virtualBroker } from '@antiphon/testing'
import { NEVER } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, it } from 'vitest'

/** Simulates a broker that grants shared subscriptions but delivers nothing. */
const silentGroups = linkMiddleware({ deliveries$: () => NEVER })

const support = { w: 'works', r: 'refused', s: 'silent' }

it(
  'reports that shared subscriptions work when its own message arrives',
  marbles(
    ({ link, expectObservable, expectTimers }) => {
      expectObservable(groupSupport$(link())).toBe('------(w|)', support)
      expectTimers('                            ---------|').toBe(0)
    },
    { latency: 1 },
  ),
)

it('reports refused when the broker refuses the shared subscription', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(({ expectObservable }) => {
    const broker = virtualBroker({ scheduler, limits: { sharedSubscriptions: false } })
    expectObservable(groupSupport$(broker.link())).toBe('(r|)', support)
  })
})

it(
  'reports silent when the group receives no message within the timeout',
  marbles(({ link, expectObservable }) => {
    expectObservable(groupSupport$(silentGroups(link()), { timeout: 7 })).toBe('-------(s|)', support)
  }),
)

it(
  'completes the group probe without a value when the link is closed',
  marbles(({ link, expectObservable }) => {
    const closing = link()
    void closing.close()
    expectObservable(groupSupport$(closing)).toBe('|')
  }),
)

it('throws for a groupSupport$ timeout of 0', () => {
  const scheduler = new TestScheduler(() => undefined)
  const link = virtualBroker({ scheduler }).link()
  expect(() => groupSupport$(link, { timeout: 0 })).toThrow(/timeout is 0/)
})
