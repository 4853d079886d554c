import {
  endpoint,
  refusals$,
  requests$,
  serve,
  text,
  userProperty,
  type Codec,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type Link,
  type Message,
  type OutgoingMessage,
  type PublishAck,
  type Refusal,
  type RequestsOptions,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { expectThat } from '@antiphon/testing/internal'
import { right } from 'fp-ts/lib/Either.js'
import { firstValueFrom, timer } from 'rxjs'
import { outgoing, send, subscribed, type Scene } from '../scene.js'
import { watch, type Watch } from '../watch.js'

/** Text in, text out, one answer. */
export type EchoTypes = EndpointTypes & {
  readonly params: Readonly<Record<never, string>>
  readonly asked: string
  readonly request: string
  readonly answered: string
  readonly response: string
  readonly kind: 'one'
}

/** The types of an endpoint whose topic has no parameters. */
export type Fixed<T extends EndpointTypes> = Omit<T, 'params'> &
  EndpointTypes & { readonly params: Readonly<Record<never, string>> }

/** An endpoint whose topic has no parameters, which the compiler cannot see where the topic is made by a scene. */
export function fixed<T extends EndpointTypes>(known: Endpoint<T>): Endpoint<Fixed<T>> {
  return known
}

/** The endpoint of most cases, on a topic nobody else uses. */
export function echoOf(scene: Scene): Endpoint<EchoTypes> {
  return endpoint({ topic: scene.topic('echo'), request: text, response: text })
}

/** A responder at work. */
export interface Serving<T extends EndpointTypes> {
  readonly link: Link
  readonly records: Watch<ServeRecord<T>>
  readonly refusals: Watch<Refusal>
}

/** How a responder is set up. */
export interface ServingOptions<T extends EndpointTypes> {
  /** @defaultValue a link of its own that the broker remembers */
  readonly link?: Link
  readonly requests?: RequestsOptions<T>
  readonly serve?: ServeOptions<T>
}

/** Serves an endpoint and waits until requests will come. */
export async function serving<T extends EndpointTypes>(
  scene: Scene,
  served: Endpoint<T>,
  handler: Handler<T>,
  { link = scene.link({ isRemembered: true }), requests = {}, serve: options }: ServingOptions<T> = {},
): Promise<Serving<T>> {
  const refusals = watch(refusals$(link))
  const records = watch(requests$(link, served, requests).pipe(serve(handler, options)))
  const topics = requests.filter ?? served.topic.filter(requests.params as Readonly<Record<string, string>>)
  const filter = requests.group === undefined ? topics : `$share/${requests.group}/${topics}`
  const alongside = await subscribed(scene, link, filter, { qos: requests.qos ?? 1 })
  alongside.unsubscribe()
  return { link, records, refusals }
}

/** A plain peer that asks: nothing but a Response Topic and Correlation Data. */
export interface PlainCaller {
  readonly replies: Watch<Message>
  readonly responseTopic: string
  readonly ask: (payload: string, properties?: Partial<OutgoingMessage>) => Promise<PublishAck>
}

/** A plain peer that asks on a topic, its response topic subscribed. */
export async function plainCaller(scene: Scene, topic: string): Promise<PlainCaller> {
  const responseTopic = scene.topic('answers')
  const replies = watch(scene.peer.messages$(responseTopic))
  const alongside = await subscribed(scene, scene.peer, responseTopic)
  alongside.unsubscribe()
  let asked = 0
  return {
    replies,
    responseTopic,
    ask: (payload, properties) => {
      const correlationData = new TextEncoder().encode(`question ${(asked += 1)}`)
      return send(
        scene,
        scene.peer,
        outgoing(topic, payload, { responseTopic, correlationData, ...properties }),
      )
    },
  }
}

/** A plain peer that answers what comes on a topic; says what it was asked. */
export async function plainResponder(
  scene: Scene,
  topic: string,
  answer: (request: Message) => readonly OutgoingMessage[],
): Promise<Watch<Message>> {
  const asked = watch(scene.peer.messages$(topic), (request) => {
    for (const reply of answer(request)) watch(scene.peer.publish$(reply))
  })
  const alongside = await subscribed(scene, scene.peer, topic)
  alongside.unsubscribe()
  return asked
}

/** A plain peer's reply: the Correlation Data sent back to the Response Topic, and nothing else. */
export function replyTo(
  { responseTopic, correlationData }: Message,
  payload: string,
  properties: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  expectThat(responseTopic !== undefined, 'the request to name a Response Topic')
  return outgoing(responseTopic, payload, {
    ...(correlationData === undefined ? {} : { correlationData }),
    ...properties,
  })
}

/** Correlation Data of this text. */
export function token(name: string): { readonly correlationData: Uint8Array } {
  return { correlationData: new TextEncoder().encode(name) }
}

/** The status a reply carries. */
export function statusOf({ userProperties }: Pick<Message, 'userProperties'>): string | undefined {
  return userProperty(userProperties, '__stat')
}

/** A whole number as text; anything else does not decode. */
export const count: Codec<number> = {
  contentType: 'application/x-count',
  isText: true,
  accepts: (contentType) => contentType === undefined || contentType === 'application/x-count',
  encode: (value) => text.encode(String(value)),
  decode: (payload) => {
    const said = new TextDecoder().decode(payload)
    return /^\d+$/.test(said)
      ? right(Number(said))
      : decodeFailure('application/x-count', 'no count', '$.count')
  },
}

/** A value with a token beside it, as JSON. */
export interface Marked {
  readonly token: string
  readonly value: string
}

/** Reads and writes `Marked`. */
export const marked: Codec<Marked> = {
  contentType: 'application/json',
  isText: true,
  accepts: () => true,
  encode: (value) => text.encode(JSON.stringify(value)),
  decode: (payload) => {
    const read: unknown = JSON.parse(new TextDecoder().decode(payload))
    const isMarked = typeof read === 'object' && read !== null && 'token' in read && 'value' in read
    return isMarked
      ? right({ token: String(read.token), value: String(read.value) })
      : decodeFailure('application/json', 'expected a token and a value')
  },
}

/** Lets so many milliseconds go by. */
export function pause(scene: Scene, link: Link, milliseconds: number): Promise<unknown> {
  return scene.eventually(firstValueFrom(timer(milliseconds, link.scheduler)))
}
