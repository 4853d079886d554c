import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { assertMarbles } from './assert-marbles.js'
import { requireMarbleOptions, withBroker, type BrokerContext, type MarbleOptions } from './with-broker.js'

/** The context of a marble test: the helpers of `TestScheduler.run`, and a broker with its links. */
export interface MarbleContext extends RunHelpers, BrokerContext {
  /** The scheduler of the test. */
  readonly scheduler: TestScheduler
}

/**
 * Returns a test function for the `it` of any framework, from a body with marble diagrams.
 *
 * @example
 * ```ts
 * it('responds with the temperature', marbles(({ link, publish, expectPublished }) => {
 *   thermostat(link()).subscribe()
 *   publish('       --a', { a: { topic: 'get', payload: 'warm?', responseTopic: 'result' } })
 *   expectPublished('result').toBe('--a', { a: '21.5' })
 * }))
 * ```
 */
export function marbles(body: (test: MarbleContext) => void, options: MarbleOptions = {}): () => void {
  requireMarbleOptions(options)
  return () => {
    const scheduler = new TestScheduler(assertMarbles)
    scheduler.run((helpers) => body({ ...helpers, ...withBroker(scheduler, options), scheduler }))
  }
}
