import {
  endpoint,
  ignoredRequests$,
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
  type IgnoredRequest,
  type RequestsOptions,
  type ServeOptions,
  type ServeRecord,
  type UserProperties,
} from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { expectThat } from '@antiphon/testing/internal'
import { right } from 'fp-ts/lib/Either.js'
import { firstValueFrom, Subject, timer } from 'rxjs'
import { outgoing, send, subscribeAndWait, type CaseContext } from '../case-context.js'
import { recordStream, type StreamRecording } from '../record-stream.js'

/** The types of an endpoint with text as request and one text as response. */
export type EchoTypes = EndpointTypes & {
  readonly params: Readonly<Record<never, string>>
  readonly requestInput: string
  readonly request: string
  readonly responseInput: string
  readonly response: string
  readonly kind: 'one'
}

/** The types of an endpoint whose topic has no parameters. */
export type WithoutParams<T extends EndpointTypes> = Omit<T, 'params'> &
  EndpointTypes & { readonly params: Readonly<Record<never, string>> }

/** Narrows an endpoint to one without topic parameters: the compiler cannot infer it from a computed topic. */
export function withoutParams<T extends EndpointTypes>(
  endpointWithoutParams: Endpoint<T>,
): Endpoint<WithoutParams<T>> {
  return endpointWithoutParams
}

/** Returns an endpoint for text on the topic `echo` of the case. */
export function echoEndpoint(context: CaseContext): Endpoint<EchoTypes> {
  return endpoint({ topic: context.topic('echo'), request: text, response: text })
}

/** A started responder: its link, the starts of its handler, serve records and ignored requests. */
export interface StartedResponder<T extends EndpointTypes> {
  readonly link: Link
  /** An entry for each time that the handler started. */
  readonly started: StreamRecording<void>
  readonly records: StreamRecording<ServeRecord<T>>
  readonly ignored: StreamRecording<IgnoredRequest>
}

/** The options of `startResponder`. */
export interface StartResponderOptions<T extends EndpointTypes> {
  /** The link of the responder. @defaultValue a new link with a persistent session */
  readonly link?: Link
  /** The options of `requests$`. */
  readonly requests?: RequestsOptions<T>
  /** The options of `serve`. */
  readonly serve?: ServeOptions<T>
}

/** Serves an endpoint and waits for the SUBACK of its request subscription. */
export async function startResponder<T extends EndpointTypes>(
  context: CaseContext,
  served: Endpoint<T>,
  handler: Handler<T>,
  {
    link = context.link({ persistentSession: true }),
    requests = {},
    serve: options,
  }: StartResponderOptions<T> = {},
): Promise<StartedResponder<T>> {
  const ignored = recordStream(ignoredRequests$(link))
  const started$ = new Subject<void>()
  const started = recordStream(started$)
  const recordedHandler: Handler<T> = (...request) => {
    started$.next()
    return handler(...request)
  }
  const records = recordStream(requests$(link, served, requests).pipe(serve(recordedHandler, options)))
  const topics = requests.filter ?? served.topic.filter(requests.params as Readonly<Record<string, string>>)
  const filter = requests.group === undefined ? topics : `$share/${requests.group}/${topics}`
  const { qos = 1, noLocal = false } = requests
  const probe = await subscribeAndWait(context, link, filter, { qos, noLocal })
  probe.unsubscribe()
  return { link, started, records, ignored }
}

/** A requester without Antiphon: it sends only Response Topic and Correlation Data. */
export interface PlainRequester {
  readonly responses: StreamRecording<Message>
  readonly responseTopic: string
  readonly sendRequest: (payload: string, properties?: Partial<OutgoingMessage>) => Promise<PublishAck>
}

/** Starts a plain requester for a topic and subscribes to its response topic. */
export async function startPlainRequester(context: CaseContext, topic: string): Promise<PlainRequester> {
  const responseTopic = context.topic('responses')
  const responses = recordStream(context.peer.messages$(responseTopic))
  const probe = await subscribeAndWait(context, context.peer, responseTopic)
  probe.unsubscribe()
  let requestCount = 0
  return {
    responses,
    responseTopic,
    sendRequest: (payload, properties) => {
      const correlationData = new TextEncoder().encode(`request ${(requestCount += 1)}`)
      return send(
        context,
        context.peer,
        outgoing(topic, payload, { responseTopic, correlationData, ...properties }),
      )
    },
  }
}

/** Publishes an exchange control message to the topic `control` of the case. */
export function sendControl(
  context: CaseContext,
  { responseTopic }: PlainRequester,
  correlationData: Uint8Array,
  userProperties: UserProperties,
): Promise<PublishAck> {
  const properties = { responseTopic, correlationData, userProperties }
  return send(context, context.peer, outgoing(context.topic('control'), '', properties))
}

/** The User Properties of a message that cancels a request. */
export const cancelProperties: UserProperties = [
  ['__ctl', 'cancel'],
  ['__stat', '499'],
]

/** Returns the User Properties of a message that raises the credit of a stream to a total. */
export function creditProperties(total: number): UserProperties {
  return [
    ['__ctl', 'credit'],
    ['__credit', String(total)],
  ]
}

/** Starts a responder without Antiphon on a topic and returns the received requests. */
export async function startPlainResponder(
  context: CaseContext,
  topic: string,
  response: (request: Message) => readonly OutgoingMessage[],
): Promise<StreamRecording<Message>> {
  const requestCount = recordStream(context.peer.messages$(topic), (request) => {
    for (const message of response(request)) recordStream(context.peer.publish$(message))
  })
  const probe = await subscribeAndWait(context, context.peer, topic)
  probe.unsubscribe()
  return requestCount
}

/** Returns a response without Antiphon properties: the Correlation Data on the Response Topic. */
export function responseTo(
  { responseTopic, correlationData }: Message,
  payload: string,
  properties: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  expectThat(responseTopic !== undefined, 'expected the request to have a Response Topic')
  return outgoing(responseTopic, payload, {
    ...(correlationData === undefined ? {} : { correlationData }),
    ...properties,
  })
}

/** Returns Correlation Data with this text. */
export function correlatedBy(name: string): { readonly correlationData: Uint8Array } {
  return { correlationData: new TextEncoder().encode(name) }
}

/** Returns the status of a response. */
export function statusOf({ userProperties }: Pick<Message, 'userProperties'>): string | undefined {
  return userProperty(userProperties, '__stat')
}

/** Encodes a whole number as text; anything else does not decode. */
export const wholeNumber: Codec<number> = {
  contentType: 'application/x-number',
  isText: true,
  accepts: (contentType) => contentType === undefined || contentType === 'application/x-number',
  encode: (value) => text.encode(String(value)),
  decode: (payload) => {
    const decoded = new TextDecoder().decode(payload)
    return /^\d+$/.test(decoded)
      ? right(Number(decoded))
      : decodeFailure('application/x-number', 'expected a whole number', '$.number')
  },
}

/** A value beside the token that correlates it. */
export interface ValueWithToken {
  readonly token: string
  readonly value: string
}

/** Encodes a value with its token as JSON. */
export const valueWithToken: Codec<ValueWithToken> = {
  contentType: 'application/json',
  isText: true,
  accepts: () => true,
  encode: (value) => text.encode(JSON.stringify(value)),
  decode: (payload) => {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(payload))
    const hasTokenAndValue =
      typeof parsed === 'object' && parsed !== null && 'token' in parsed && 'value' in parsed
    return hasTokenAndValue
      ? right({ token: String(parsed.token), value: String(parsed.value) })
      : decodeFailure('application/json', 'expected a token and a value')
  },
}

/** Waits for some milliseconds on the link's scheduler. */
export function pause(context: CaseContext, link: Link, milliseconds: number): Promise<unknown> {
  return context.eventually(firstValueFrom(timer(milliseconds, link.scheduler)))
}
