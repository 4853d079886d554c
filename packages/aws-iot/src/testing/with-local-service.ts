import { withBroker, type BrokerContext, type MarbleOptions } from '@antiphon/testing'
import type { TestScheduler } from 'rxjs/testing'
import { localService, type LocalService } from '../local/local-service.js'

/** The context of `withBroker`, and a service on its broker. */
export interface LocalServiceContext extends BrokerContext {
  readonly service: LocalService
}

/**
 * Adds a virtual broker with a local service to a marble test: that of rxjs-marbles as its context `m`, or your own within
 * `run` of a `TestScheduler`.
 *
 * @example
 * ```ts
 * it('reports what is desired', marbles((m) => {
 *   const { link, service, expectPublished } = withLocalService(m)
 *   …
 * }))
 * ```
 */
export function withLocalService(
  test: TestScheduler | { readonly scheduler: TestScheduler },
  options?: MarbleOptions,
): LocalServiceContext {
  const context = withBroker(test, options)
  const service = localService(context.link({ clientId: 'aws-iot' }))
  service.handled$.subscribe()
  return { ...context, service }
}
