import { isLeft } from 'fp-ts/lib/Either.js'
import { isChunk, isFirstChunk } from '../chunk/assembly.js'
import { CHUNK_PROPERTY } from '../chunk/chunk-header.js'
import { Transfers, type TransferBounds } from '../chunk/transfers.js'
import { reasonOf } from '../codec/decode-failure.js'
import { FALSE_TEXT, isFalseText } from '../codec/payload-format.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import type { EndpointTypes } from '../endpoint-types.js'
import type { Delivery } from '../link/link.js'
import type { Message } from '../message.js'
import type { IgnoredReason } from '../observe/ignored-request.js'
import {
  controlKindOf,
  isControlOfVersion01,
  isOpening,
  readsAcceptances,
} from '../protocol/control-message.js'
import { Status, type Failure } from '../protocol/status.js'
import type { ResponseTopicTemplate } from '../response-topic-template.js'
import { quoted } from '../topic/mqtt-string.js'
import { receiveControl } from './control-receiver.js'
import { receiveDuplicate } from './duplicate-requests.js'
import { payloadFailure, versionFailure } from './failures.js'
import { toHeaderFailure, type HeaderRule } from './header-rule.js'
import { contextOf, toReceivedRequest, type ReceivedRequest } from './received-request.js'
import { RequestContext } from './request-context.js'
import { requestKey } from './request-key.js'
import type { ReceiveItems } from './request-stream-context.js'
import type { ResponderContext } from './responder-context.js'
import type { CacheEntry } from './response-cache.js'
import { fail, type SettlementListener } from './response-sender.js'
import { responseTopicCheck, type ResponseTopicCheck, type ResponseTopicRule } from './response-topic-rule.js'

/** What a request must comply with. */
export interface RequestRules {
  readonly requestFilter: string
  readonly responseTopics: ResponseTopicRule | undefined
  readonly headers: HeaderRule | undefined
  readonly transfers: TransferBounds | undefined
}

/** The broker gives the chunks of one request to different members. */
const CHUNKS_TO_GROUP: Failure = {
  code: Status.badRequest,
  message: 'a request in chunks cannot be sent to a group: it must fit in one packet',
  propertyName: CHUNK_PROPERTY,
}

const NO_STREAM: Failure = {
  code: Status.badRequest,
  message: 'the request must be a stream, which begins with __ctl open and Correlation Data',
  propertyName: '__ctl',
}

const NO_SINGLE_REQUEST: Failure = {
  code: Status.badRequest,
  message: 'the request must be a single one, and is a stream',
  propertyName: '__ctl',
  propertyValue: 'open',
}

const NOT_UTF8: Failure = {
  code: Status.badRequest,
  message: FALSE_TEXT,
  propertyName: 'Payload Format Indicator',
  propertyValue: '1',
}

const UNRECORDED: SettlementListener = { end: () => undefined }

/**
 * Decides for each message on a request topic whether the handler receives it, and processes all other messages itself.
 *
 * The rules are applied in the order of docs/wire.md.
 */
export class RequestReceiver {
  readonly #responder: ResponderContext
  readonly #rules: RequestRules
  readonly #checkResponseTopic: ResponseTopicCheck
  readonly #transfers: Transfers

  constructor(responder: ResponderContext, rules: RequestRules) {
    this.#responder = responder
    this.#rules = rules
    this.#checkResponseTopic = responseTopicCheck(rules.requestFilter, rules.responseTopics)
    this.#transfers = new Transfers(responder.deadlines, rules.transfers)
    responder.onControl = (message) => receiveControl(responder, message)
  }

  /** Returns the request for the handler, or `undefined` if the message needs no handler. */
  receive<T extends EndpointTypes>(delivery: Delivery): ReceivedRequest<T> | undefined {
    try {
      const request = this.#examine<T>(delivery)
      if (request === undefined) return undefined
      this.#responder.stats.received++
      this.#responder.events.responder?.received(contextOf(request))
      return request
    } catch (thrown) {
      // The application's correlations and rules may throw; no message may end the stream of requests.
      return this.#ignore(delivery, 'invalid', `it cannot be read: ${reasonOf(thrown)}`)
    }
  }

  /** Drops incomplete payloads. */
  close(): void {
    this.#transfers.clear()
  }

  #examine<T extends EndpointTypes>(delivery: Delivery): ReceivedRequest<T> | undefined {
    const { endpoint } = this.#responder
    const { message } = delivery
    if (message.retain) return this.#ignore(delivery, 'retained', 'it is a retained message')
    const params = endpoint.topic.match(message.topic)
    if (params === undefined) {
      return this.#ignore(delivery, 'invalid', `its topic does not match ${endpoint.topic.template}`)
    }
    const received = new DecodedOnce(message, endpoint.request)
    const correlation = endpoint.correlation.readRequest(received)
    const own = endpoint.responseTopic
    const isOwnKnown = own !== undefined && own.isMatch === undefined
    const responseTopic = isOwnKnown
      ? this.#ownResponseTopic(own, params, correlation.token)
      : correlation.responseTopic
    const fault = this.#responseTopicFault(responseTopic, params)
    if (fault !== undefined) return this.#ignore(delivery, 'response-topic', fault)
    const key = requestKey(responseTopic, correlation.token)
    const receiveItems = endpoint.requestStreams?.receive as ReceiveItems | undefined
    const context =
      receiveItems === undefined
        ? new RequestContext(this.#responder, delivery, correlation, responseTopic)
        : receiveItems(this.#responder, delivery, correlation, responseTopic, this.#transfers)
    if (isChunk(message)) return this.#responder.isPaused ? undefined : this.#assemble(context, delivery, key)
    if (!this.#isNew(context, delivery, key)) return undefined
    if (context.items !== undefined) return toReceivedRequest<T>(context, params, context.items)
    const decoded = received.read()
    if (isFalseText(message, endpoint.request, !isLeft(decoded))) return this.#reject(context, NOT_UTF8)
    if (isLeft(decoded)) return this.#reject(context, payloadFailure(decoded.left))
    return toReceivedRequest<T>(context, params, decoded.right)
  }

  /** Returns the endpoint's own response topic, or `undefined` for a request whose payload says that it has no response. */
  #ownResponseTopic(
    own: ResponseTopicTemplate,
    params: Readonly<Record<string, string>>,
    token: string | undefined,
  ): string | undefined {
    const { acceptsNotifications, correlation } = this.#responder.endpoint
    const isNotification = token === undefined && acceptsNotifications && correlation.readsPayload
    return isNotification ? undefined : own.format(params).topic
  }

  /** Adds a chunk. It is acknowledged at once; the last one is acknowledged with the request that it completes. */
  #assemble<T extends EndpointTypes>(
    context: RequestContext,
    delivery: Delivery,
    key: string | undefined,
  ): ReceivedRequest<T> | undefined {
    if (key === undefined) return this.#ignore(delivery, 'invalid', 'it is a chunk without a correlation')
    if (this.#responder.isGroup) {
      // One refusal is enough: the member that receives the first chunk sends it.
      if (isFirstChunk(delivery.message)) return this.#reject(context, CHUNKS_TO_GROUP)
      return this.#ignore(delivery, 'invalid', 'it is a chunk of a request to a group')
    }
    const assembled = this.#transfers.add(key, delivery.message)
    if (assembled.kind === 'whole') return this.#examine({ ...delivery, message: assembled.message })
    if (assembled.kind === 'broken') {
      const message = `cannot assemble the request: ${assembled.reason}`
      return this.#reject(context, { code: Status.badRequest, message })
    }
    delivery.acknowledge()
    return undefined
  }

  /** Whether a message is a request of a supported version that was not received before. Processes all others. */
  #isNew(context: RequestContext, delivery: Delivery, key: string | undefined): boolean {
    const { message } = context
    const { cache } = this.#responder
    const entry = key === undefined ? undefined : cache.find(key, context.receivedAt)
    if (controlKindOf(message) !== undefined || isControlOfVersion01(message)) {
      this.#ignore(delivery, 'invalid', 'it is an exchange control message on a request topic')
      return false
    }
    // Not cached: the same request with other headers may be valid.
    const failure =
      versionFailure(message) ??
      this.#headerFailure(message) ??
      this.#kindFailure(message, key) ??
      this.#prepareControl(context)
    if (failure !== undefined) this.#reject(context, failure)
    else if (entry !== undefined && repeats(context, entry))
      receiveDuplicate(this.#responder, entry, context, delivery)
    // Left unacknowledged: the broker delivers it again at the next start.
    else if (this.#responder.isPaused) context.abandon()
    else {
      // A requester that uses a correlation again sends another request, which cannot be cached beside a running one.
      context.accept(entry?.running === undefined ? key : undefined, entry)
      return true
    }
    return false
  }

  /** Returns the failure of a request stream to an endpoint without, or of a single request to an endpoint with them. */
  #kindFailure(message: Message, key: string | undefined): Failure | undefined {
    if (this.#responder.endpoint.requests === 'one')
      return message.payload.length === 0 && isOpening(message) ? NO_SINGLE_REQUEST : undefined
    return isOpening(message) && key !== undefined ? undefined : NO_STREAM
  }

  /** Notes whether the requester reads acceptances. Returns the failure if its credit could not be raised. */
  #prepareControl(context: RequestContext): Failure | undefined {
    if (!readsAcceptances(context.message)) return undefined
    const { acceptance } = this.#responder
    context.readsAcceptances = acceptance.isEnabled
    return acceptance.controlFailure(context.message)
  }

  #reject(context: RequestContext, failure: Failure): undefined {
    this.#responder.reportIgnored(context.message, 'invalid', failure.message ?? '', failure.code)
    fail(context, failure, { outcome: 'failed' }, UNRECORDED)
    return undefined
  }

  #ignore(delivery: Delivery, reason: IgnoredReason, detail: string): undefined {
    delivery.acknowledge()
    this.#responder.reportIgnored(delivery.message, reason, detail)
    return undefined
  }

  #headerFailure(message: Message): Failure | undefined {
    const fault = this.#rules.headers?.(message)
    return fault && toHeaderFailure(fault)
  }

  #responseTopicFault(
    responseTopic: string | undefined,
    params: Readonly<Record<string, string>>,
  ): string | undefined {
    const { responseTopic: own, acceptsNotifications } = this.#responder.endpoint
    if (responseTopic === undefined) return acceptsNotifications ? undefined : 'it has no Response Topic'
    const isForeign = own?.isMatch?.(responseTopic, params) === false
    const fault = isForeign
      ? 'it is not one of the endpoint'
      : this.#checkResponseTopic(responseTopic, own !== undefined)
    return fault === undefined
      ? undefined
      : `response topic ${quoted(responseTopic)} is not allowed: ${fault}`
  }
}

/** Whether a request repeats a cached one: another payload under a token that is used again does not. */
function repeats({ message, correlation }: RequestContext, entry: CacheEntry<RequestContext>): boolean {
  if (!entry.hasPayload(message.payload)) return false
  return correlation.isReusable !== true || entry.running !== undefined || message.dup
}
