import { isLeft } from 'fp-ts/lib/Either.js'
import { v4 as uuid } from 'uuid'
import { encodeWith } from '../codec/guard.js'
import { formatToken } from '../correlation/correlation-data.js'
import type { CorrelatedRequest } from '../correlation/correlation.js'
import type { OutgoingMessage, UserProperties } from '../message.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { RequestParts, RequesterContext } from './requester-context.js'

/** Where the replies to a question come, and the filter they are subscribed to by. */
export interface ResponseAddress {
  readonly topic: string
  readonly filter: string
}

/** A question as it travels. */
interface EncodedRequest {
  readonly payload: Uint8Array
  readonly properties: CorrelatedRequest['properties']
}

const NOTHING = new Uint8Array()

/**
 * A question on paper: encoded, addressed when it is known where its replies will come (and encoded again, for a
 * correlation may write that down), then as often sent as it takes. Making one throws what is wrong with the question.
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

  constructor(requester: RequesterContext, { params, value }: RequestParts, ownProperties: UserProperties) {
    const { endpoint, rules } = requester
    this.#requester = requester
    this.#params = params
    this.#value = value
    this.topic = endpoint.topic.format(params)
    this.#encode(this.responseAddress?.topic ?? '')
    const { userProperties = [] } = rules
    const properties = ownProperties.length === 0 ? userProperties : [...userProperties, ...ownProperties]
    this.#userProperties = properties.length > 0 ? properties : undefined
  }

  /** Where replies come; `undefined` until the broker has told us our name. */
  get responseAddress(): ResponseAddress | undefined {
    const { endpoint, rules, pendingRequests: pending } = this.#requester
    if (rules.responseTopic !== undefined) return { topic: rules.responseTopic, filter: rules.responseTopic }
    if (endpoint.responseTopic !== undefined) return endpoint.responseTopic.format(this.#params)
    const topic = pending.responseTopic
    return topic === undefined ? undefined : { topic, filter: topic }
  }

  /** The correlation as people read it. */
  get displayToken(): string {
    return formatToken(this.token === '' ? this.#id : this.token)
  }

  setResponseTopic(responseTopic: string): void {
    if (responseTopic !== this.responseTopic) this.#encode(responseTopic)
  }

  /** The message as it goes out with so many milliseconds left to be answered. */
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

  /** A word to the responder about this exchange; `undefined` where the peer could not read it. */
  toControlMessage(left: number, userProperties: UserProperties): OutgoingMessage | undefined {
    const { rules, pendingRequests: pending } = this.#requester
    const { token, properties } = this.#correlate(this.responseTopic)
    // A question that was changed since it was asked may be known by another name now.
    if (token !== this.token || pending.connectionInfo?.protocolVersion !== 5) return undefined
    if (properties.correlationData === undefined) return undefined
    return {
      topic: this.topic,
      payload: NOTHING,
      qos: rules.qos,
      messageExpiryInterval: toExpirySeconds(left),
      userProperties,
      ...properties,
    }
  }

  /** It is not likely to be sent again: lets go of its bytes, of which the waiting may be many. */
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
