import {
  endpoint,
  ignoredRequests$,
  requests$,
  serve,
  text,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type IgnoredRequest,
  type Link,
  type OutgoingMessage,
  type ReceivedRequest,
  type RequestsOptions,
  type ServeOptions,
  type ServeRecord,
  type UserProperties,
} from '@antiphon/core'
import type { VirtualBrokerOptions, VirtualClientOptions } from '@antiphon/testing'
import { of } from 'rxjs'
import { bytesOf, observe, publishedBy, type Observed, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

/** Text in requests and responses, one response per request. */
export const echo = endpoint({ topic: 'echo', request: text, response: text })

/** The User Properties of a control message that cancels a request. */
export const cancelProperties: UserProperties = [
  ['__ctl', 'cancel'],
  ['__stat', '499'],
]

/** Returns the User Properties of a control message that raises the credit to a total. */
export function creditProperties(total: number): UserProperties {
  return [
    ['__ctl', 'credit'],
    ['__credit', String(total)],
  ]
}

/** How a responder is set up for a test. */
export interface ResponderSetupOptions<T extends EndpointTypes> {
  readonly endpoint: Endpoint<T>
  readonly handler: Handler<T>
  readonly requests?: RequestsOptions<T>
  readonly serve?: ServeOptions<T>
  readonly client?: VirtualClientOptions
  readonly broker?: Partial<VirtualBrokerOptions>
}

/** A responder, and what it does. */
export interface ResponderSetup<T extends EndpointTypes> {
  readonly world: World
  readonly server: Link
  /** The requests that the handler received. */
  readonly handled: readonly ReceivedRequest<T>[]
  readonly records: Observed<ServeRecord<T>>
  readonly ignored: readonly IgnoredRequest[]
  /** What the responder published. */
  readonly responses: readonly PublishedMessage[]
  /** Publishes a request: to `echo`, with a Response Topic and Correlation Data unless `properties` say otherwise. */
  readonly sendRequest: (payload: string, properties?: Partial<OutgoingMessage>) => void
  /** Publishes an exchange control message to the responder's control topic. */
  readonly sendControl: (userProperties: UserProperties, properties?: Partial<OutgoingMessage>) => void
  /** How many messages the responder has received but not acknowledged. */
  readonly unacknowledged: () => number
}

/** The properties of `sendRequest`'s messages, unless overridden. */
export const requestProperties: Pick<OutgoingMessage, 'responseTopic' | 'correlationData'> = {
  responseTopic: 'responses',
  correlationData: bytesOf('token'),
}

/** Runs a test with a responder whose subscription is acknowledged. */
export function withResponder<T extends EndpointTypes>(
  options: ResponderSetupOptions<T>,
  test: (setup: ResponderSetup<T>) => void,
): void {
  inWorld((world) => {
    const responses = publishedBy(world, 'server')
    const server = world.link('server', {
      clean: false,
      sessionExpiryInterval: 3_600,
      reconnect: { initial: 10, maximum: 10, jitter: 0 },
      ...options.client,
    })
    const ignored: IgnoredRequest[] = []
    ignoredRequests$(server).subscribe((request) => ignored.push(request))
    const handled: ReceivedRequest<T>[] = []
    const records = observe(
      world,
      requests$(server, options.endpoint, { controlTopic: 'control', ...options.requests }).pipe(
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
      ignored,
      responses,
      sendRequest: (payload, properties = {}) => {
        const message = { topic: 'echo', payload: bytesOf(payload), ...requestProperties, ...properties }
        const defined = Object.entries(message).filter(([, value]) => value !== undefined)
        world.broker.publish(Object.fromEntries(defined) as unknown as OutgoingMessage)
      },
      sendControl: (userProperties, properties = {}) => {
        const message = { topic: 'control', payload: new Uint8Array(), ...requestProperties, userProperties }
        world.broker.publish({ ...message, ...properties })
      },
      unacknowledged: () => world.broker.session('server')?.unacknowledged.length ?? NaN,
    })
  }, options.broker)
}

/** Runs a test with a responder for `echo` that responds with the request and an exclamation mark. */
export function withEchoResponder(
  test: (setup: ResponderSetup<NonNullable<(typeof echo)['types']>>) => void,
  options: Partial<ResponderSetupOptions<NonNullable<(typeof echo)['types']>>> = {},
): void {
  withResponder({ endpoint: echo, handler: ({ value }) => of(`${value}!`), ...options }, test)
}
