import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { assertMarbles } from './assert-marbles.js'
import { withBroker, type BrokerContext, type MarbleOptions } from './with-broker.js'

/** All a marble test needs: the helpers of `TestScheduler.run`, and a broker with links to it. */
export interface MarbleContext extends RunHelpers, BrokerContext {
  readonly scheduler: TestScheduler
}

/**
 * Makes a test of a body written in marbles, for the `it` of any framework.
 *
 * @example
 * ```ts
 * it('says how warm it is', marbles(({ link, publish, expectPublished }) => {
 *   thermostat(link()).subscribe()
 *   publish('       --a', { a: { topic: 'ask', payload: 'warm?', responseTopic: 'answer' } })
 *   expectPublished('answer').toBe('--a', { a: '21.5' })
 * }))
 * ```
 */
export function marbles(body: (test: MarbleContext) => void, options?: MarbleOptions): () => void {
  return () => {
    const scheduler = new TestScheduler(assertMarbles)
    scheduler.run((helpers) => body({ ...helpers, ...withBroker(scheduler, options), scheduler }))
  }
}
