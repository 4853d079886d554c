import type { Link } from '@antiphon/core'
import {
  linkOptionRules,
  linkOver,
  numberRule,
  type OptionRules,
  pickOptions,
  requireArgument,
} from '@antiphon/core/link'
import { TestScheduler } from 'rxjs/testing'
import type { VirtualBroker, VirtualBrokerOptions, VirtualLinkOptions } from '../virtual/broker.js'
import { brokerOptionRules, clientOptionRules, virtualLinkOptionRules } from '../virtual/option-rules.js'
import { virtualBroker } from '../virtual/virtual-broker.js'
import { assertMarbles } from './assert-marbles.js'
import { checkAt, traceExpectations, withCallSite } from './call-site.js'
import {
  expectPublished,
  type ClientChoice,
  type PublishedChoice,
  type PublishedExpectation,
} from './expect-published.js'
import { expectSubscribed, type SubscribedExpectation } from './expect-subscribed.js'
import { framesOf } from '../time/frames.js'
import { explainOpenRequests } from './open-requests.js'
import { toMessage, type MessageForm } from './message-form.js'
import { expectTimers, countTimers, type TimersExpectation } from './expect-timers.js'
import { recordingInto } from './recording.js'
import { toRequests, type ToRequests } from './to-requests.js'

/** The options of a marble test and its broker. */
export interface MarbleOptions extends Omit<VirtualBrokerOptions, 'scheduler'> {
  /** The virtual time in milliseconds at which a test ends, although retries may continue. @defaultValue 60 000 */
  readonly maxTime?: number
  /**
   * The folder in which a failed expectation leaves a recording of the exchanges, for `antiphon-inspect`; its message says how to open it.
   * @defaultValue the environment variable `ANTIPHON_RECORD`; without it, nothing is recorded
   */
  readonly record?: string
}

const { scheduler: _, ...rulesOfBroker } = brokerOptionRules

const marbleOptionRules: OptionRules<MarbleOptions> = {
  ...rulesOfBroker,
  maxTime: numberRule(0),
  record: 'string',
}

/** Throws `invalid-argument` if an option is invalid or not known. */
export function requireMarbleOptions(options: MarbleOptions): void {
  requireArgument('options', options, marbleOptionRules)
}

/** A virtual broker, its links, and expectations about both. */
export interface BrokerContext {
  /** The virtual broker. */
  readonly broker: VirtualBroker
  /** Makes a link to the broker. By default it reconnects every millisecond, without jitter. */
  readonly link: (options?: VirtualLinkOptions) => Link
  /**
   * Publishes one message per marble, without a client. A marble without an entry in `values` is the payload itself,
   * published to `topic`.
   */
  readonly publish: (marbles: string, values?: Readonly<Record<string, MessageForm>>, topic?: string) => void
  /**
   * Turns a stream of messages, such as `hot('--a', { a: request })`, into requests for `serve`: publishes the messages
   * and emits the requests that the link receives. A message without a topic is published to that of the endpoint.
   */
  readonly toRequests: ToRequests
  /** Expects messages to topics that match the filter. */
  readonly expectPublished: (filter: string, choice?: PublishedChoice) => PublishedExpectation
  /** Expects subscriptions to exactly this filter. */
  readonly expectSubscribed: (filter: string, choice?: ClientChoice) => SubscribedExpectation
  /** Expects a number of pending timers, of links and of work on their scheduler, at a time such as `'---|'`. */
  readonly expectTimers: (at: string) => TimersExpectation
}

/**
 * Adds a virtual broker, its links and their expectations to any test with a `TestScheduler`: that of rxjs-marbles as
 * its context `m`, or your own within `run`.
 *
 * The scheduler then compares errors by all their properties, not only by name and message.
 *
 * @example
 * ```ts
 * it('responds', marbles((m) => {
 *   const { link, publish, expectPublished } = withBroker(m)
 *   …
 * }))
 * ```
 */
export function withBroker(
  test: TestScheduler | { readonly scheduler: TestScheduler },
  marbleOptions: MarbleOptions = {},
): BrokerContext {
  requireMarbleOptions(marbleOptions)
  const { maxTime = 60_000, record, ...options } = marbleOptions
  const recording = recordingInto(record)
  const scheduler = test instanceof TestScheduler ? test : test.scheduler
  const timers = countTimers(scheduler)
  const broker = virtualBroker({ ...options, scheduler })
  const checks: (() => void)[] = []
  const register = <E extends { readonly check: () => void }>({
    check,
    ...expectation
  }: E): Omit<E, 'check'> => {
    let site: string | undefined
    checks.push(() => checkAt(site, check))
    return withCallSite(expectation, (calledFrom) => {
      site = calledFrom
    })
  }

  const explain = explainOpenRequests(broker)
  traceExpectations(scheduler)
  scheduler.maxFrames = maxTime
  scheduler.assertDeepEqual = assertMarbles
  const flush = scheduler.flush.bind(scheduler)
  scheduler.flush = () => {
    try {
      flush()
      for (const check of checks.splice(0)) check()
    } catch (error) {
      throw recording.explain(explain(error))
    }
  }

  return {
    broker,
    link: (linkOptions = {}) => {
      requireArgument('options', linkOptions, virtualLinkOptionRules)
      const link = linkOver(broker.transport(pickOptions(linkOptions, clientOptionRules)), {
        reconnect: { initial: 1, maximum: 1, jitter: 0 },
        ...pickOptions(linkOptions, linkOptionRules),
        scheduler: timers.scheduler,
      })
      return recording.observe(link)
    },
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
