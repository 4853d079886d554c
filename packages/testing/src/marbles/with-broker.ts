import type { Link } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { TestScheduler } from 'rxjs/testing'
import type { VirtualBroker, VirtualBrokerOptions, VirtualLinkOptions } from '../virtual/broker.js'
import { virtualBroker } from '../virtual/virtual-broker.js'
import { assertMarbles } from './assert-marbles.js'
import {
  expectPublished,
  type ClientChoice,
  type PublishedChoice,
  type PublishedExpectation,
} from './expect-published.js'
import { expectSubscribed, type SubscribedExpectation } from './expect-subscribed.js'
import { framesOf } from './frames.js'
import { toMessage, type MessageForm } from './message-form.js'
import { expectTimers, timerCount, type TimersExpectation } from './timers.js'
import { toRequests, type ToRequests } from './to-requests.js'

/** How a marble test has its broker. */
export interface MarbleOptions extends Omit<VirtualBrokerOptions, 'scheduler'> {
  /** The millisecond at which a test ends though something, such as a retry, would go on. @defaultValue 60 000 */
  readonly horizon?: number
}

/** What Antiphon adds to a marble test. */
export interface BrokerContext {
  readonly broker: VirtualBroker
  /** A link to the broker; unless told otherwise it tries to come back every millisecond, without jitter. */
  readonly link: (options?: VirtualLinkOptions) => Link
  /**
   * Publishes from outside, a message a marble. A marble without a value is the payload itself, and goes to `topic`.
   */
  readonly publish: (marbles: string, values?: Readonly<Record<string, MessageForm>>, topic?: string) => void
  /**
   * Makes requests for `serve` of a stream of messages, such as `hot('--a', { a: question })`: publishes them and gives
   * what comes of them on the link. A message without a topic goes to the endpoint's.
   */
  readonly toRequests: ToRequests
  /** What is published to topics under this filter. */
  readonly expectPublished: (filter: string, choice?: PublishedChoice) => PublishedExpectation
  /** When this very filter is subscribed at the broker. */
  readonly expectSubscribed: (filter: string, choice?: ClientChoice) => SubscribedExpectation
  /** How many timers of links, and of what runs on their scheduler, are pending at a time such as `'---|'`. */
  readonly expectTimers: (at: string) => TimersExpectation
}

/**
 * A virtual broker, links to it and expectations on them, for any marble test that has a TestScheduler: that of
 * rxjs-marbles, given as its context `m`, or one of your own within `run`.
 *
 * From here on the scheduler compares errors by all they carry, not by their message alone.
 *
 * @example
 * ```ts
 * it('answers', marbles((m) => {
 *   const { link, publish, expectPublished } = withBroker(m)
 *   …
 * }))
 * ```
 */
export function withBroker(
  test: TestScheduler | { readonly scheduler: TestScheduler },
  { horizon = 60_000, ...options }: MarbleOptions = {},
): BrokerContext {
  const scheduler = test instanceof TestScheduler ? test : test.scheduler
  const timers = timerCount(scheduler)
  const broker = virtualBroker({ ...options, scheduler })
  const checks: (() => void)[] = []
  const register = <E extends { readonly check: () => void }>(expectation: E): E => {
    checks.push(expectation.check)
    return expectation
  }

  scheduler.maxFrames = horizon
  scheduler.assertDeepEqual = assertMarbles
  const flush = scheduler.flush.bind(scheduler)
  scheduler.flush = () => {
    flush()
    for (const check of checks.splice(0)) check()
  }

  return {
    broker,
    link: (linkOptions = {}) =>
      linkOver(broker.transport(linkOptions), {
        reconnect: { initial: 1, maximum: 1, jitter: 0 },
        ...linkOptions,
        scheduler: timers.scheduler,
      }),
    publish: (marbles, values = {}, topic) => {
      for (const { frame, marble } of framesOf(marbles, 'a message')) {
        const message = toMessage(values[marble] ?? marble, topic)
        scheduler.schedule(() => void broker.publish(message), frame)
      }
    },
    toRequests: toRequests(broker),
    expectPublished: (filter, choice) => register(expectPublished(broker, scheduler, filter, choice)),
    expectSubscribed: (filter, choice) => register(expectSubscribed(broker, scheduler, filter, choice)),
    expectTimers: (at) => register(expectTimers(timers, scheduler, at)),
  }
}
