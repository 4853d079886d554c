import { invalidArgument } from '@antiphon/core/link'
import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { assertMarbles } from './assert-marbles.js'
import { runMarbleBody, traceExpectations } from './call-site.js'
import { requireMarbleOptions, withBroker, type BrokerContext, type MarbleOptions } from './with-broker.js'

/** The context of a marble test: the helpers of `TestScheduler.run`, and a broker with its links. */
export interface MarbleContext extends RunHelpers, BrokerContext {
  /** The scheduler of the test. */
  readonly scheduler: TestScheduler
}

/**
 * Returns a test function for the `it` of any framework, from a body with marble diagrams. The body is synchronous: virtual
 * time does not wait for promises.
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
    // Before `run`, which binds the expectations of the scheduler.
    traceExpectations(scheduler)
    scheduler.run((helpers) => {
      const context = { ...helpers, ...withBroker(scheduler, options), scheduler }
      refusePromise(runMarbleBody<MarbleContext>(body, context))
    })
  }
}

/** Rejects a body that continues after virtual time has ended, where its expectations would not be checked. */
function refusePromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return
  // Its failure is not reported a second time, as an unhandled rejection.
  if (result instanceof Promise) result.catch(() => undefined)
  throw invalidArgument(
    'the body of marbles returned a promise: virtual time ends when the body returns; remove async, and replace promises by Observables',
  )
}
