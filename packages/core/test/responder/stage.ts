import {
  endpoint,
  ignoredRequests$,
  requests$,
  serve,
  text,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type Link,
  type OutgoingMessage,
  type IgnoredRequest,
  type RequestsOptions,
  type ReceivedRequest,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import type { VirtualBrokerOptions, VirtualClientOptions } from '@antiphon/testing'
import { of } from 'rxjs'
import { bytesOf, observe, publishedBy, type Observed, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

/** Text in, text out, one answer. */
export const echo = endpoint({ topic: 'echo', request: text, response: text })

/** How a responder is set up for a test. */
export interface StageOptions<T extends EndpointTypes> {
  readonly endpoint: Endpoint<T>
  readonly handler: Handler<T>
  readonly requests?: RequestsOptions<T>
  readonly serve?: ServeOptions<T>
  readonly client?: VirtualClientOptions
  readonly broker?: Partial<VirtualBrokerOptions>
}

/** A responder, and everything that can be seen of it. */
export interface Stage<T extends EndpointTypes> {
  readonly world: World
  readonly server: Link
  /** What the handler was given. */
  readonly handled: readonly ReceivedRequest<T>[]
  readonly records: Observed<ServeRecord<T>>
  readonly refusals: readonly IgnoredRequest[]
  /** What the responder published. */
  readonly replies: readonly PublishedMessage[]
  /** Publishes a request from outside: to `echo`, with a Response Topic and a correlation unless told otherwise. */
  readonly ask: (payload: string, properties?: Partial<OutgoingMessage>) => void
  /** How many deliveries the responder has not acknowledged. */
  readonly unacknowledged: () => number
}

/** What `ask` sends where nothing else is said. */
export const asking: Pick<OutgoingMessage, 'responseTopic' | 'correlationData'> = {
  responseTopic: 'answers',
  correlationData: bytesOf('token'),
}

/** Runs a test with a responder that is ready. */
export function onStage<T extends EndpointTypes>(
  options: StageOptions<T>,
  test: (stage: Stage<T>) => void,
): void {
  inWorld((world) => {
    const responses = publishedBy(world, 'server')
    const server = world.link('server', {
      clean: false,
      sessionExpiryInterval: 3_600,
      reconnect: { initial: 10, maximum: 10, jitter: 0 },
      ...options.client,
    })
    const refusals: IgnoredRequest[] = []
    ignoredRequests$(server).subscribe((refusal) => refusals.push(refusal))
    const handled: ReceivedRequest<T>[] = []
    const records = observe(
      world,
      requests$(server, options.endpoint, options.requests).pipe(
        serve((request) => {
          handled.push(request)
          return options.handler(request)
        }, options.serve),
      ),
    )
    world.advance(50)
    test({
      world,
      server,
      handled,
      records,
      refusals,
      replies: responses,
      ask: (payload, properties = {}) => {
        const message = { topic: 'echo', payload: bytesOf(payload), ...asking, ...properties }
        const given = Object.entries(message).filter(([, value]) => value !== undefined)
        world.broker.publish(Object.fromEntries(given) as unknown as OutgoingMessage)
      },
      unacknowledged: () => world.broker.session('server')?.unacknowledged.length ?? NaN,
    })
  }, options.broker)
}

/** A stage on which `echo` is answered with the question and an exclamation mark. */
export function onEchoStage(
  test: (stage: Stage<NonNullable<(typeof echo)['types']>>) => void,
  options: Partial<StageOptions<NonNullable<(typeof echo)['types']>>> = {},
): void {
  onStage({ endpoint: echo, handler: ({ value }) => of(`${value}!`), ...options }, test)
}
