import { Reason } from '@antiphon/packet'
import { isLeft, right } from 'fp-ts/lib/Either.js'
import type { Observer, Subscription as Teardown } from 'rxjs'
import { v4 as uuid } from 'uuid'
import { invalidArgument } from '../argument.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import type { Codec } from '../codec/codec.js'
import { encodeWith } from '../codec/guard.js'
import { formatToken } from '../correlation/correlation-data.js'
import type { CorrelatedRequest } from '../correlation/correlation.js'
import { AntiphonError } from '../errors.js'
import type { PublishAck } from '../link/link.js'
import { withSendHook, type SendHook } from '../link/send-hook.js'
import type { Message, OutgoingMessage, UserProperties } from '../message.js'
import {
  attemptProperties,
  OPENING,
  toControlMessage,
  type RequestIdentity,
} from '../protocol/control-message.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { Exchange } from './exchange.js'
import type { RequestParts } from './requester-context.js'

/** The payload of the message that begins a request stream. */
const EMPTY = right(new Uint8Array())

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The encoded parts of a request. */
interface EncodedRequest {
  readonly payload: Uint8Array
  readonly properties: CorrelatedRequest['properties']
}

/**
 * A request as it is published, once per attempt, and as its exchange control messages refer to it.
 *
 * It is encoded on creation, so that an invalid request throws before anything is sent. To save allocations, it is its own
 * observer of the acknowledgement (decision 0009).
 */
export class RequestMessage implements Observer<PublishAck> {
  responseTopic = ''
  /** The topic of a failure; `undefined` if it is the response topic. */
  failureTopic: string | undefined = undefined
  token = ''
  /** The filter to subscribe to for responses; `undefined` while the default depends on a CONNACK to come. */
  responseFilter: string | undefined
  /** The Reason Code of the latest acknowledgement by the broker. */
  reasonCode: number | undefined
  readonly topic: string
  readonly #exchange: Exchange
  readonly #params: RequestParts['params']
  readonly #value: unknown
  #id: number | string
  readonly #userProperties: UserProperties | undefined
  #encoded: EncodedRequest | undefined
  #publishing: Teardown | undefined

  constructor(exchange: Exchange, { params, value }: RequestParts, handlerProperties: UserProperties = []) {
    const { endpoint, rules } = exchange.requester
    this.#exchange = exchange
    this.#params = params
    this.#value = value
    this.#id = this.#createId()
    this.topic = endpoint.topic.format(params)
    this.resolveResponseTopic()
    if (this.responseFilter === undefined) this.#encode('')
    const { userProperties = [] } = rules
    const properties =
      handlerProperties.length === 0 ? userProperties : [...userProperties, ...handlerProperties]
    this.#userProperties = properties.length > 0 ? properties : undefined
  }

  /** Returns the codec of a message on the response topic, or on that for failures. */
  codecOf({ topic }: Message): Codec<unknown> {
    const { response, failures } = this.#exchange.requester.endpoint
    return topic === this.failureTopic && failures !== undefined ? failures.codec : response
  }

  /** Returns the correlation token in readable form. */
  get displayToken(): string {
    return formatToken(this.token === '' ? String(this.#id) : this.token)
  }

  /** Whether another attempt would have the same token, because the application has set it in the value. */
  get hasFixedToken(): boolean {
    return this.token !== '' && this.#correlate(this.responseTopic, uuid()).token === this.token
  }

  /** Returns the number of payload bytes, which are in memory until the last attempt. */
  get size(): number {
    return this.#encoded?.payload.length ?? 0
  }

  /** Returns an error if the broker has reported that the request topic has no subscriber. */
  get noResponder(): AntiphonError<'no-responder'> | undefined {
    const { reasonCode, topic } = this
    if (reasonCode !== Reason.noMatchingSubscribers) return undefined
    const fault = `the broker reports no subscriber to ${topic}`
    return new AntiphonError('no-responder', fault, { reasonCode, topic })
  }

  /** Makes the correlation of an attempt. Throws if the protocol version of the connection cannot carry it. */
  prepare(attempts: number): void {
    this.#requireCorrelation()
    if (attempts === 0) return
    // The responder takes the next attempt for a new request.
    this.#id = this.#createId()
    this.#encode(this.responseTopic)
  }

  /** Determines the response topic and filter, unless the default depends on a CONNACK to come. */
  resolveResponseTopic(): void {
    if (this.responseFilter !== undefined) return
    this.#requireCorrelation()
    const { endpoint, rules, monitor } = this.#exchange.requester
    const { topic, failureTopic, filter } = endpoint.responseTopic?.format(this.#params) ?? {}
    const responseTopic = topic ?? rules.responseTopic ?? monitor.responseTopic
    if (responseTopic === undefined) return
    // Again if it was encoded before, because a correlation may write the response topic into the payload.
    this.#encode(responseTopic)
    this.failureTopic = failureTopic
    this.responseFilter = filter ?? responseTopic
  }

  /** Publishes an attempt. `timeLeft` are the milliseconds until the timeout; `hook` is that of an attempt that will wait. */
  publish(timeLeft: number, attempt: number, hook?: SendHook): void {
    const { events, link, monitor, rules } = this.#exchange.requester
    this.#publishing?.unsubscribe()
    const message = this.#toMessage(timeLeft, attempt)
    // Released after the last attempt, to save memory per pending request; it is encoded again if needed.
    if (attempt >= rules.attempts && rules.onDisconnect !== 'resend') this.#encoded = undefined
    events.requester?.sent(this.#exchange, attempt, message)
    const outgoing = hook === undefined ? message : withSendHook(message, hook)
    const publishing = publishWhole$(link, outgoing, monitor.connectionInfo).subscribe(this)
    if (this.#exchange.isSettled) publishing.unsubscribe()
    else if (!publishing.closed) this.#publishing = publishing
  }

  /** Returns how a responder finds the request; `undefined` if it could not attribute an exchange control message. */
  get identity(): RequestIdentity | undefined {
    const { token, properties } = this.#correlate(this.responseTopic)
    const { responseTopic = this.responseTopic, correlationData } = properties
    // The token differs if the application has changed the value, and with it the token, since the request was sent.
    if (token !== this.token || correlationData === undefined) return undefined
    if (this.#exchange.requester.monitor.connectionInfo?.protocolVersion !== 5) return undefined
    return { responseTopic, correlationData }
  }

  /** Publishes an exchange control message to a responder's control topic. */
  publishControl(topic: string, timeLeft: number, userProperties: UserProperties): void {
    const { identity } = this
    if (identity === undefined) return
    const message = toControlMessage(topic, identity, userProperties, timeLeft)
    this.#exchange.requester.link.publish$(message).subscribe({ error: () => undefined })
  }

  /** Removes the request from the link's queue if it is still there. */
  stop(): void {
    this.#publishing?.unsubscribe()
  }

  // The observer of `publish`.

  next({ reasonCode }: PublishAck): void {
    this.reasonCode = reasonCode
    const { events, onAcknowledged, rules } = this.#exchange.requester
    events.requester?.acknowledged(this.#exchange, reasonCode)
    this.#exchange.updateStep()
    onAcknowledged?.(reasonCode)
    const { noResponder } = this
    if (noResponder !== undefined && rules.failFast) this.#exchange.onPublishFailed(noResponder)
  }

  error(error: unknown): void {
    this.#exchange.onPublishFailed(AntiphonError.from(error))
  }

  complete(): void {
    this.#publishing = undefined
  }

  #toMessage(timeLeft: number, attempt: number): OutgoingMessage {
    const { endpoint, rules } = this.#exchange.requester
    const { payload, properties } = this.#encoded ?? this.#encode(this.responseTopic)
    const userProperties = this.#userPropertiesOf(attempt, properties)
    const message: Mutable<OutgoingMessage> = {
      topic: this.topic,
      payload,
      qos: rules.qos,
      contentType: endpoint.request.contentType,
      payloadFormatIndicator: endpoint.request.isText,
      messageExpiryInterval: toExpirySeconds(timeLeft),
    }
    // No spread, see decision 0009.
    if (userProperties !== undefined) message.userProperties = userProperties
    if (properties.responseTopic !== undefined) message.responseTopic = properties.responseTopic
    if (properties.correlationData !== undefined) message.correlationData = properties.correlationData
    return message
  }

  /** Adds the number of the attempt, by which the responder knows that it may name its control topic. */
  #userPropertiesOf(
    attempt: number,
    { correlationData }: EncodedRequest['properties'],
  ): UserProperties | undefined {
    const own = this.#userProperties
    if (!this.#exchange.sendsControl || correlationData === undefined) return own
    const isStream = this.#exchange.requester.endpoint.requests === 'many'
    const control = isStream ? OPENING : attemptProperties(attempt)
    return own === undefined ? control : [...own, ...control]
  }

  #requireCorrelation(): void {
    const { endpoint, monitor } = this.#exchange.requester
    const { isMqtt5Only, name } = endpoint.correlation
    if (isMqtt5Only !== true || monitor.connectionInfo?.protocolVersion !== 4) return
    const fault = `cannot match a response: MQTT 3.1.1 cannot carry ${name}`
    throw invalidArgument(
      `${fault}; give the endpoint the correlation payloadField(), topicParams() or inOrder()`,
    )
  }

  #createId(): number | string {
    return this.#exchange.requester.endpoint.correlation.createToken?.(this.#params) ?? uuid()
  }

  #correlate(responseTopic: string, id: number | string = this.#id): CorrelatedRequest {
    const { correlation } = this.#exchange.requester.endpoint
    return correlation.correlate({ id, responseTopic, value: this.#value })
  }

  #encode(responseTopic: string): EncodedRequest {
    const { request, requests, name } = this.#exchange.requester.endpoint
    const { value, token, properties } = this.#correlate(responseTopic)
    // The items of a request stream follow one by one.
    const encoded = requests === 'many' ? EMPTY : encodeWith(request, value)
    if (isLeft(encoded)) throw encoded.left.withContext({ endpoint: name, topic: this.topic })
    this.responseTopic = responseTopic
    this.token = token
    this.#encoded = { payload: encoded.right, properties }
    return this.#encoded
  }
}
