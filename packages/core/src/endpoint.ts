import { invalidArgument, requireArgument } from './argument.js'
import type { Codec } from './codec/codec.js'
import type { Hint } from './codec/hint.js'
import { isIoTsType } from './codec/io-ts-type.js'
import { isStandardSchema } from './codec/standard-schema.js'
import type { Correlation } from './correlation/correlation.js'
import { correlationData } from './correlation/correlation-data.js'
import type {
  ContractTypes,
  EndpointTypes,
  RequestKind,
  ResponseKind,
  WithoutToken,
} from './endpoint-types.js'
import { nearestNameHint, type OptionRules, type Violation } from './option-rules.js'
import type { Failure } from './protocol/status.js'
import { reservedNamesFault } from './protocol/reserved-properties.js'
import { responseTopicTemplate, type ResponseTopicTemplate } from './response-topic-template.js'
import type { RequestStreams } from './stream/request-streams.js'
import { topicTemplate, type TopicTemplate } from './topic/topic-template.js'

/** Whether a cancelled exchange notifies its responder, or ends at the requester alone. */
export type CancelMode = 'wire' | 'local'

/** The contract that requester and responder agree on. */
export interface EndpointContract<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
  ResponseTopic extends string = '',
  SentReq = Req,
  SentRes = Res,
  Fail = Res,
  SentFail = SentRes,
> {
  /** The endpoint's name in errors, logs and metrics. @defaultValue the template of the request topic */
  readonly name?: string
  /** The template of the request topic. */
  readonly topic: Topic
  /**
   * The template of the response topic. The requester passes the parameters that the request topic does not have along with
   * those that it has, and the responder takes the topic from the Response Topic of the request, which needs MQTT 5.
   * @defaultValue the requester's own topic `response/<clientId>`, sent as Response Topic
   */
  readonly responseTopic?: ResponseTopic
  /**
   * The template of the filter that a requester subscribes to for responses; it may have the wildcard `+` as a level, and
   * `#` as the last one. A filter wider than `responseTopic` lets requests with different response topics share one
   * subscription. @defaultValue `responseTopic`
   */
  readonly responseFilter?: string
  readonly request: Codec<Req, SentReq> | Hint<'for a schema, pass json(schema)'>
  readonly response: Codec<Res, SentRes> | Hint<'for a schema, pass json(schema)'>
  /** How a response is matched to its request. @defaultValue correlationData() */
  readonly correlation?: Via
  /**
   * Whether a request has one response or a stream of them. For requests that are streams, see `requestStreamEndpoint`.
   * @defaultValue 'one'
   */
  readonly responses?: Kind
  /**
   * For an endpoint with `responses: 'many'` whose peers mark the end of a stream in the payload: whether a response is the
   * last one. The requester emits it and completes. The responder sends what its handler emits, which includes the mark, and
   * no end of its own. Such peers send no `__stream`, so their responses are taken as they arrive, and it works over MQTT
   * 3.1.1. @defaultValue `__stream` marks the end
   */
  readonly isLast?: (response: Res) => boolean
  /**
   * Whether to handle requests without a response topic; no response is sent for them. If the endpoint has a response topic
   * of its own, these are requests without the field of `payloadField`. @defaultValue false
   */
  readonly acceptsNotifications?: boolean
  /**
   * Whether exchange control messages are used: `wire` sends cancels, credit and retries to the control topic of the
   * responder that has the request, if it names one; `local` neither sends nor expects any, for peers with a strict or
   * older dialect. Credit needs `wire`. @defaultValue 'wire'
   */
  readonly cancel?: CancelMode
  /**
   * Names of User Properties that the application may set although the prefix `__` is reserved, for a protocol that is built
   * on this one. @defaultValue none
   */
  readonly reservedProperties?: readonly string[]
  /**
   * The template of a topic on which the responder reports failures, such as `…/rejected` beside `…/accepted`; without
   * `failureOf`, they are failures with status 500. Its parameters are those of the topics above. If the two topics differ in
   * one level only, one subscription with `+` in its place receives both; otherwise set `responseFilter`.
   * @defaultValue `responseTopic`
   */
  readonly failureTopic?: string
  /** The payload of failures on `failureTopic`. @defaultValue `response` */
  readonly failure?: Codec<Fail, SentFail>
  /**
   * Reads a failure from a payload, for peers that report it there and not as a status: from one on `failureTopic` if that
   * is set, otherwise from every response. If it returns a failure, the request fails with `status`. Responders of such an
   * endpoint never report a failure by a status alone.
   */
  readonly failureOf?: (payload: Fail) => Failure | undefined
  /**
   * Returns the payload that reports a failure, for requesters that cannot read a status: those on MQTT 3.1.1, and all of an
   * endpoint with `failureOf` or `failureTopic`. Without this function, or if it returns `undefined`, they get no response.
   */
  readonly onFailure?: (failure: ReportedFailure) => WithoutToken<SentFail, Via> | undefined
}

/** A failure that a responder reports. */
export interface ReportedFailure extends Failure {
  readonly message: string
}

function codecRule(value: unknown): Violation {
  if (isStandardSchema(value) || isIoTsType(value)) {
    return ': it is a schema, not a codec: pass json(schema), or a codec of another format'
  }
  return typeof value === 'object' && value !== null ? undefined : 'it must be an object'
}

type AnyContract = EndpointContract<string, unknown, unknown, ResponseKind, Correlation>

const contractRules: OptionRules<AnyContract> = {
  name: 'string',
  topic: 'string',
  responseTopic: 'string',
  responseFilter: 'string',
  request: codecRule,
  response: codecRule,
  correlation: 'object',
  responses: ['one', 'many'],
  isLast: 'function',
  acceptsNotifications: [true, false],
  cancel: ['wire', 'local'],
  reservedProperties: reservedNamesFault,
  failureTopic: 'string',
  failure: codecRule,
  failureOf: 'function',
  onFailure: 'function',
}

const NONE_RESERVED: readonly string[] = []

/** A typed contract between requesters and responders, created by `endpoint`. */
export interface Endpoint<T extends EndpointTypes = EndpointTypes> {
  readonly name: string
  readonly topic: TopicTemplate<string>
  readonly responseTopic: ResponseTopicTemplate | undefined
  readonly request: Codec<unknown>
  readonly response: Codec<unknown>
  readonly correlation: Correlation
  readonly responses: T['kind']
  /** Whether a response is the last of its stream; `undefined` if `__stream` says so. */
  readonly isLast: ((response: unknown) => boolean) | undefined
  readonly requests: RequestKind
  /** @internal How request streams are sent and received; set by `requestStreamEndpoint`. */
  readonly requestStreams: RequestStreams | undefined
  readonly acceptsNotifications: boolean
  readonly cancel: CancelMode
  readonly reservedProperties: readonly string[]
  /** Whether a requester receives each response together with its message; see `withMessage`. */
  readonly includesMessage: boolean
  /** How failures are reported in payloads; `undefined` if they are reported as a status where that can be read. */
  readonly failures: FailurePayloads | undefined
  readonly onFailure: ((failure: ReportedFailure) => unknown) | undefined
  /** Carries the types; always `undefined` at run time. */
  readonly types?: T
}

/** How the responder of an endpoint reports failures in payloads. */
export interface FailurePayloads {
  /** The codec of payloads on the topic for failures, or of responses without such a topic. */
  readonly codec: Codec<unknown>
  readonly failureOf: (payload: unknown) => Failure | undefined
}

/**
 * Creates an endpoint: the topics, codecs and correlation of one kind of request. Requester and responder both take their
 * types from it. Throws `invalid-argument` if a template or filter is invalid.
 *
 * @example
 * ```ts
 * const temperature = endpoint({ topic: 'service/temperature/query', request: text, response: text })
 * ```
 */
export function endpoint<
  const Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind = 'one',
  Via extends Correlation = Correlation,
  const ResponseTopic extends string = '',
  SentReq = Req,
  SentRes = Res,
  Fail = Res,
  SentFail = SentRes,
>(
  contract: EndpointContract<Topic, Req, Res, Kind, Via, ResponseTopic, SentReq, SentRes, Fail, SentFail>,
): Endpoint<ContractTypes<Topic, Req, Res, Kind, Via, ResponseTopic, SentReq, SentRes>> {
  requireArgument('contract', contract, contractRules)
  for (const name of ['topic', 'request', 'response'] as const) {
    if ((contract[name] as unknown) === undefined) throw invalidArgument(`contract.${name} is missing`)
  }
  const topic = topicTemplate<string>(contract.topic)
  const responseTopic = responseTopicTemplate(topic, contract)
  const { correlation = correlationData(), responses = 'one' } = contract
  // Peers that mark the end in the payload know no credit.
  if (contract.isLast !== undefined && (responses === 'one' || contract.cancel !== 'local'))
    throw invalidArgument("contract.isLast is set: set responses to 'many' and cancel to 'local' as well")
  requireCreatedParams(correlation, topic, responseTopic)
  return {
    name: contract.name ?? contract.topic,
    topic,
    responseTopic,
    request: contract.request as unknown as Codec<unknown>,
    response: contract.response as unknown as Codec<unknown>,
    correlation,
    responses: responses as Kind,
    isLast: contract.isLast as Endpoint['isLast'],
    requests: 'one',
    requestStreams: undefined,
    acceptsNotifications: contract.acceptsNotifications ?? false,
    cancel: contract.cancel ?? 'wire',
    reservedProperties: contract.reservedProperties ?? NONE_RESERVED,
    includesMessage: false,
    failures: failurePayloads(contract as never),
    onFailure: contract.onFailure,
  }
}

/** Requires that the parameters which the correlation creates are in a topic. */
function requireCreatedParams(
  { createdParams = [] }: Correlation,
  topic: TopicTemplate<string>,
  responseTopic: ResponseTopicTemplate | undefined,
): void {
  const known = [...topic.parameters, ...(responseTopic?.ownParameters ?? [])]
  const unknown = createdParams.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const hint = known.length === 0 ? 'no topic has a parameter' : nearestNameHint(unknown, known)
  throw invalidArgument(`topicParams creates {${unknown}}, which no topic of the endpoint has: ${hint}`)
}

function failurePayloads({
  response,
  failureTopic,
  failure,
  failureOf,
}: AnyContract): FailurePayloads | undefined {
  if (failure !== undefined && failureTopic === undefined) {
    throw invalidArgument(
      'contract.failure is set, but there is no failureTopic: set it, or add failures to response',
    )
  }
  if (failureTopic === undefined && failureOf === undefined) return undefined
  return { codec: failure ?? (response as Codec<unknown>), failureOf: failureOf ?? (() => undefined) }
}
