import { isLeft } from 'fp-ts/lib/Either.js'
import { v4 as uuid } from 'uuid'
import { encodeWith } from '../codec/guard.js'
import { showToken } from '../correlation/correlation-data.js'
import type { MarkedQuestion } from '../correlation/correlation.js'
import type { OutgoingMessage, UserProperties } from '../message.js'
import { wholeSeconds } from '../time/whole-seconds.js'
import type { AskParts, Caller } from './caller.js'

/** Where the replies to a question come, and the filter they are subscribed to by. */
export interface ReplyTo {
  readonly topic: string
  readonly filter: string
}

/** A question as it travels. */
interface Written {
  readonly payload: Uint8Array
  readonly properties: MarkedQuestion['properties']
}

const NOTHING = new Uint8Array()

/**
 * A question on paper: encoded, addressed when it is known where its replies will come (and encoded again, for a
 * correlation may write that down), then as often sent as it takes. Making one throws what is wrong with the question.
 */
export class Posting {
  replyTopic = ''
  token = ''
  readonly topic: string
  readonly #caller: Caller
  readonly #params: AskParts['params']
  readonly #value: unknown
  readonly #id = uuid()
  readonly #userProperties: UserProperties | undefined
  #written: Written | undefined

  constructor(caller: Caller, { params, value }: AskParts, ownProperties: UserProperties) {
    const { endpoint, rules } = caller
    this.#caller = caller
    this.#params = params
    this.#value = value
    this.topic = endpoint.topic.format(params)
    this.#write(this.replyTo?.topic ?? '')
    const { userProperties = [] } = rules
    const properties = ownProperties.length === 0 ? userProperties : [...userProperties, ...ownProperties]
    this.#userProperties = properties.length > 0 ? properties : undefined
  }

  /** Where replies come; `undefined` until the broker has told us our name. */
  get replyTo(): ReplyTo | undefined {
    const { endpoint, rules, exchanges } = this.#caller
    if (rules.responseTopic !== undefined) return { topic: rules.responseTopic, filter: rules.responseTopic }
    if (endpoint.reply !== undefined) return endpoint.reply.place(this.#params)
    const topic = exchanges.responseTopic
    return topic === undefined ? undefined : { topic, filter: topic }
  }

  /** The correlation as people read it. */
  get shownToken(): string {
    return showToken(this.token === '' ? this.#id : this.token)
  }

  address(replyTopic: string): void {
    if (replyTopic !== this.replyTopic) this.#write(replyTopic)
  }

  /** The message as it goes out with so many milliseconds left to be answered. */
  toMessage(left: number): OutgoingMessage {
    const { endpoint, rules } = this.#caller
    const { payload, properties } = this.#written ?? this.#write(this.replyTopic)
    return {
      topic: this.topic,
      payload,
      qos: rules.qos,
      contentType: endpoint.request.contentType,
      payloadFormatIndicator: endpoint.request.isText,
      messageExpiryInterval: wholeSeconds(left),
      ...(this.#userProperties && { userProperties: this.#userProperties }),
      ...properties,
    }
  }

  /** A word to the responder about this exchange; `undefined` where the peer could not read it. */
  toNote(left: number, userProperties: UserProperties): OutgoingMessage | undefined {
    const { rules, exchanges } = this.#caller
    const { token, properties } = this.#mark(this.replyTopic)
    // A question that was changed since it was asked may be known by another name now.
    if (token !== this.token || exchanges.grant?.protocolVersion !== 5) return undefined
    if (properties.correlationData === undefined) return undefined
    return {
      topic: this.topic,
      payload: NOTHING,
      qos: rules.qos,
      messageExpiryInterval: wholeSeconds(left),
      userProperties,
      ...properties,
    }
  }

  /** It is not likely to be sent again: lets go of its bytes, of which the waiting may be many. */
  letGo(): void {
    this.#written = undefined
  }

  #mark(replyTopic: string): MarkedQuestion {
    const { correlation } = this.#caller.endpoint
    return correlation.ask({ id: this.#id, replyTopic, value: this.#value })
  }

  #write(replyTopic: string): Written {
    const { request, name } = this.#caller.endpoint
    const { value, token, properties } = this.#mark(replyTopic)
    const encoded = encodeWith(request, value)
    if (isLeft(encoded)) throw encoded.left.within({ endpoint: name, topic: this.topic })
    this.replyTopic = replyTopic
    this.token = token
    this.#written = { payload: encoded.right, properties }
    return this.#written
  }
}
