import { isLeft } from 'fp-ts/lib/Either.js'
import { v4 as uuid } from 'uuid'
import { encodeWith } from '../codec/guard.js'
import { formatToken } from '../correlation/correlation-data.js'
import type { CorrelatedRequest } from '../correlation/correlation.js'
import type { OutgoingMessage, UserProperties } from '../message.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { RequestParts, RequesterContext } from './requester-context.js'

/** The response topic of a request, and the filter to subscribe to for it. */
export interface ResponseAddress {
  readonly topic: string
  readonly filter: string
}

/** The encoded parts of a request. */
interface EncodedRequest {
  readonly payload: Uint8Array
  readonly properties: CorrelatedRequest['properties']
}

const EMPTY_PAYLOAD = new Uint8Array()

/**
 * A request as it is published, once per attempt.
 *
 * It is encoded on creation, so that an invalid request throws before anything is sent. The default response topic is
 * known only once the link is online; the request is encoded again then, because a correlation may write the response
 * topic into the payload.
 */
export class RequestMessage {
  responseTopic = ''
  token = ''
  readonly topic: string
  readonly #requester: RequesterContext
  readonly #params: RequestParts['params']
  readonly #value: unknown
  readonly #id = uuid()
  readonly #userProperties: UserProperties | undefined
  #encoded: EncodedRequest | undefined

  constructor(
    requester: RequesterContext,
    { params, value }: RequestParts,
    handlerProperties: UserProperties,
  ) {
    const { endpoint, rules } = requester
    this.#requester = requester
    this.#params = params
    this.#value = value
    this.topic = endpoint.topic.format(params)
    this.#encode(this.responseAddress?.topic ?? '')
    const { userProperties = [] } = rules
    const properties =
      handlerProperties.length === 0 ? userProperties : [...userProperties, ...handlerProperties]
    this.#userProperties = properties.length > 0 ? properties : undefined
  }

  /** Returns the response topic and its filter; `undefined` while the default depends on a CONNACK to come. */
  get responseAddress(): ResponseAddress | undefined {
    const { endpoint, rules, monitor } = this.#requester
    if (rules.responseTopic !== undefined) return { topic: rules.responseTopic, filter: rules.responseTopic }
    if (endpoint.responseTopic !== undefined) return endpoint.responseTopic.format(this.#params)
    const topic = monitor.responseTopic
    return topic === undefined ? undefined : { topic, filter: topic }
  }

  /** Returns the correlation token in readable form. */
  get displayToken(): string {
    return formatToken(this.token === '' ? this.#id : this.token)
  }

  /** Encodes the request again if the response topic has changed. */
  setResponseTopic(responseTopic: string): void {
    if (responseTopic !== this.responseTopic) this.#encode(responseTopic)
  }

  /** Returns the PUBLISH of the next attempt. `left` are the milliseconds until the timeout. */
  toMessage(left: number): OutgoingMessage {
    const { endpoint, rules } = this.#requester
    const { payload, properties } = this.#encoded ?? this.#encode(this.responseTopic)
    return {
      topic: this.topic,
      payload,
      qos: rules.qos,
      contentType: endpoint.request.contentType,
      payloadFormatIndicator: endpoint.request.isText,
      messageExpiryInterval: toExpirySeconds(left),
      ...(this.#userProperties && { userProperties: this.#userProperties }),
      ...properties,
    }
  }

  /** Returns an exchange control message to the responder; `undefined` if the responder could not attribute it. */
  toControlMessage(left: number, userProperties: UserProperties): OutgoingMessage | undefined {
    const { rules, monitor } = this.#requester
    const { token, properties } = this.#correlate(this.responseTopic)
    // The token differs if the application has changed the value, and with it the token, since the request was sent.
    if (token !== this.token || monitor.connectionInfo?.protocolVersion !== 5) return undefined
    if (properties.correlationData === undefined) return undefined
    return {
      topic: this.topic,
      payload: EMPTY_PAYLOAD,
      qos: rules.qos,
      messageExpiryInterval: toExpirySeconds(left),
      userProperties,
      ...properties,
    }
  }

  /** Releases the payload after the last attempt, to save memory per pending request; it is encoded again if needed. */
  releasePayload(): void {
    this.#encoded = undefined
  }

  #correlate(responseTopic: string): CorrelatedRequest {
    const { correlation } = this.#requester.endpoint
    return correlation.correlate({ id: this.#id, responseTopic, value: this.#value })
  }

  #encode(responseTopic: string): EncodedRequest {
    const { request, name } = this.#requester.endpoint
    const { value, token, properties } = this.#correlate(responseTopic)
    const encoded = encodeWith(request, value)
    if (isLeft(encoded)) throw encoded.left.withContext({ endpoint: name, topic: this.topic })
    this.responseTopic = responseTopic
    this.token = token
    this.#encoded = { payload: encoded.right, properties }
    return this.#encoded
  }
}
