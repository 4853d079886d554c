import {
  requests$,
  serve,
  text,
  userProperty,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type Link,
  type OutgoingMessage,
  type RequestsOptions,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import type { VirtualBrokerOptions } from '@antiphon/testing'
import type { Observable } from 'rxjs'
import { asyncWorld, type AsyncWorld } from '../async-world.js'
import { observe, type Observed } from '../observed.js'

/** Many texts in a request, one text in response. */
export const upload = requestStreamEndpoint({ topic: 'upload', request: text, response: text })

/** Many texts each way. */
export const chat = requestStreamEndpoint({
  topic: 'chat',
  request: text,
  response: text,
  responses: 'many',
})

export type Upload = NonNullable<(typeof upload)['types']>
export type Chat = NonNullable<(typeof chat)['types']>

/** A responder, a requester's link, and the messages that the broker has received. */
export interface StreamWorld extends AsyncWorld {
  readonly requester: Link
  readonly server: Link
  readonly records: readonly ServeRecord[]
  readonly published: readonly { readonly message: OutgoingMessage }[]
  readonly watch: <T>(stream$: Observable<T>) => Observed<T>
}

/** How a world is set up. */
export interface StreamWorldOptions<T extends EndpointTypes> {
  readonly requests?: RequestsOptions<T>
  readonly serve?: ServeOptions<T>
  readonly broker?: Partial<VirtualBrokerOptions>
}

/** Serves an endpoint in a world with promises, and waits for the SUBACK. */
export async function serveStreams<T extends EndpointTypes>(
  served: Endpoint<T>,
  handler: Handler<T>,
  options: StreamWorldOptions<T> = {},
): Promise<StreamWorld> {
  const world = asyncWorld(options.broker)
  const records: ServeRecord[] = []
  const published: { readonly message: OutgoingMessage }[] = []
  world.broker.published$.subscribe((each) => published.push(each))
  const server = world.link('server')
  requests$(server, served, options.requests)
    .pipe(serve(handler, options.serve))
    .subscribe((record) => records.push(record))
  const requester = world.link('requester')
  await world.advance(50)
  return {
    ...world,
    requester,
    server,
    records,
    published,
    watch: (stream$) => observe({ scheduler: world.scheduler as never }, stream$),
  }
}

/** Returns the numbers from 0 as texts. */
export const upTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index))

/** Returns the positions of the items that were sent to the control topic. */
export const positionsOf = ({ published }: StreamWorld): readonly (string | undefined)[] =>
  published
    .filter(({ message }) => userProperty(message.userProperties, '__ctl') === 'item')
    .map(({ message }) => userProperty(message.userProperties, '__stream'))
