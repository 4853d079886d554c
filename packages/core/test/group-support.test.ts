import { groupSupport$ } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { marbles, virtualBroker } from '@antiphon/testing'
import { NEVER } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, it } from 'vitest'

/** A broker that takes everybody into a group and gives the group nothing. */
const silentGroups = linkMiddleware({ deliveries$: () => NEVER })

const support = { w: 'works', r: 'refused', s: 'silent' }

it(
  'is told by a message of one’s own that arrives',
  marbles(
    ({ link, expectObservable, expectTimers }) => {
      expectObservable(groupSupport$(link())).toBe('------(w|)', support)
      expectTimers('                            ---------|').toBe(0)
    },
    { latency: 1 },
  ),
)

it('is refused where the broker says so', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(({ expectObservable }) => {
    const broker = virtualBroker({ scheduler, limits: { sharedSubscriptions: false } })
    expectObservable(groupSupport$(broker.link())).toBe('(r|)', support)
  })
})

it(
  'is silent where nothing comes in time',
  marbles(({ link, expectObservable }) => {
    expectObservable(groupSupport$(silentGroups(link()), { within: 7 })).toBe('-------(s|)', support)
  }),
)

it(
  'says nothing when the link is closed',
  marbles(({ link, expectObservable }) => {
    const closing = link()
    void closing.close()
    expectObservable(groupSupport$(closing)).toBe('|')
  }),
)

it('refuses to wait for no time', () => {
  const scheduler = new TestScheduler(() => undefined)
  const link = virtualBroker({ scheduler }).link()
  expect(() => groupSupport$(link, { within: 0 })).toThrow(/within/)
})
