import { invalidArgument, requireArgument } from './argument.js'
import type { Codec } from './codec/codec.js'
import type { Hint } from './codec/hint.js'
import { isIoTsType } from './codec/io-ts-type.js'
import { isStandardSchema } from './codec/standard-schema.js'
import type { Correlation } from './correlation/correlation.js'
import { correlationData } from './correlation/correlation-data.js'
import type { PayloadFieldCorrelation } from './correlation/payload-field.js'
import type { OptionRules, Violation } from './option-rules.js'
import { isMatch } from './topic/is-match.js'
import { restName } from './topic/level-pattern.js'
import type { TemplateParams } from './topic/template-params.js'
import { topicTemplate, type TopicTemplate } from './topic/topic-template.js'

/** The end of a filter that matches all topics below a level. */
const TREE = '/#'

/** Whether a cancelled exchange notifies its responder, or ends at the requester alone. */
export type CancelMode = 'wire' | 'local'

/** Whether a request has one response or a stream of them. */
export type ResponseKind = 'one' | 'many'

/** The types of an endpoint. */
export interface EndpointTypes {
  /** The parameters of the request topic. */
  readonly params: object
  /** The value that the requester passes; a correlation token in the payload is optional here. */
  readonly requestInput: unknown
  /** The value that the handler receives. */
  readonly request: unknown
  /** The value that the handler emits; a correlation token in the payload is optional here. */
  readonly responseInput: unknown
  /** The value that the requester receives. */
  readonly response: unknown
  readonly kind: ResponseKind
}

/** The contract that requester and responder agree on. */
export interface EndpointContract<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
  SentReq = Req,
  SentRes = Res,
> {
  /** The endpoint's name in errors, logs and metrics. @defaultValue the template of the request topic */
  readonly name?: string
  /** The template of the request topic. */
  readonly topic: Topic
  /**
   * The template of the response topic; it may use the parameters of the request topic.
   * @defaultValue the requester's own topic `response/<clientId>`, sent as Response Topic
   */
  readonly responseTopic?: string
  /**
   * The template of the filter that a requester subscribes to for responses. A filter wider than `responseTopic` lets
   * requests with different response topics share one subscription. @defaultValue `responseTopic`
   */
  readonly responseFilter?: string
  readonly request: Codec<Req, SentReq> | Hint<'for a schema, pass json(schema)'>
  readonly response: Codec<Res, SentRes> | Hint<'for a schema, pass json(schema)'>
  /** How a response is matched to its request. @defaultValue correlationData() */
  readonly correlation?: Via
  /** @defaultValue 'one' */
  readonly responses?: Kind
  /** Whether to handle requests without a response topic; no response is sent for them. @defaultValue false */
  readonly acceptsNotifications?: boolean
  /**
   * Whether exchange control messages are used: `wire` sends cancels, credit and retries to the control topic of the
   * responder that has the request, if it names one; `local` neither sends nor expects any, for peers with a strict or
   * older dialect. Credit needs `wire`. @defaultValue 'wire'
   */
  readonly cancel?: CancelMode
  /**
   * Returns the response to send when a request failed and the requester cannot read a status (MQTT 3.1.1). Without this
   * function, or if it returns `undefined`, no response is sent.
   */
  readonly onFailure?: (failure: {
    readonly code: number
    readonly message: string
  }) => WithoutToken<SentRes, Via> | undefined
}

function codecRule(value: unknown): Violation {
  if (isStandardSchema(value) || isIoTsType(value)) {
    return ': it is a schema, not a codec: pass json(schema), or a codec of another format'
  }
  return typeof value === 'object' && value !== null ? undefined : 'it must be an object'
}

const contractRules: OptionRules<EndpointContract<string, unknown, unknown, ResponseKind, Correlation>> = {
  name: 'string',
  topic: 'string',
  responseTopic: 'string',
  responseFilter: 'string',
  request: codecRule,
  response: codecRule,
  correlation: 'object',
  responses: ['one', 'many'],
  acceptsNotifications: [true, false],
  cancel: ['wire', 'local'],
  onFailure: 'function',
}

/** Formats the response topic of a request, and the filter to subscribe to, from the request's topic parameters. */
export interface ResponseTopicTemplate {
  readonly format: (params: Readonly<Record<string, string>>) => {
    readonly topic: string
    readonly filter: string
  }
}

/** A typed contract between requesters and responders, created by `endpoint`. */
export interface Endpoint<T extends EndpointTypes = EndpointTypes> {
  readonly name: string
  readonly topic: TopicTemplate<string>
  readonly responseTopic: ResponseTopicTemplate | undefined
  readonly request: Codec<unknown>
  readonly response: Codec<unknown>
  readonly correlation: Correlation
  readonly responses: T['kind']
  readonly acceptsNotifications: boolean
  readonly cancel: CancelMode
  readonly onFailure: ((failure: { readonly code: number; readonly message: string }) => unknown) | undefined
  /** Carries the types; always `undefined` at run time. */
  readonly types?: T
}

/** The types that follow from an endpoint's contract. */
export interface ContractTypes<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
  SentReq = Req,
  SentRes = Res,
> extends EndpointTypes {
  readonly params: TemplateParams<Topic>
  readonly requestInput: WithoutToken<SentReq, Via>
  readonly request: Req
  readonly responseInput: WithoutToken<SentRes, Via>
  readonly response: Res
  readonly kind: Kind
}

/** A value whose correlation token is optional, because the library adds it. */
export type WithoutToken<A, Via extends Correlation> =
  Via extends PayloadFieldCorrelation<infer Field>
    ? A extends unknown
      ? Omit<A, Field> & Partial<Pick<A, Field & keyof A>>
      : never
    : A

/** The argument of one request: the value, together with the topic parameters if the topic has any. */
export type RequestArgument<T extends EndpointTypes> = keyof T['params'] extends never
  ? T['requestInput']
  : { readonly params: T['params']; readonly value: T['requestInput'] }

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
  SentReq = Req,
  SentRes = Res,
>(
  contract: EndpointContract<Topic, Req, Res, Kind, Via, SentReq, SentRes>,
): Endpoint<ContractTypes<Topic, Req, Res, Kind, Via, SentReq, SentRes>> {
  requireArgument('contract', contract, contractRules)
  for (const name of ['topic', 'request', 'response'] as const) {
    if ((contract[name] as unknown) === undefined) throw invalidArgument(`contract.${name} is missing`)
  }
  const topic = topicTemplate<string>(contract.topic)
  return {
    name: contract.name ?? contract.topic,
    topic,
    responseTopic: responseTopicTemplate(topic, contract.responseTopic, contract.responseFilter),
    request: contract.request as unknown as Codec<unknown>,
    response: contract.response as unknown as Codec<unknown>,
    correlation: contract.correlation ?? correlationData(),
    responses: (contract.responses ?? 'one') as Kind,
    acceptsNotifications: contract.acceptsNotifications ?? false,
    cancel: contract.cancel ?? 'wire',
    onFailure: contract.onFailure,
  }
}

function responseTopicTemplate(
  request: TopicTemplate<string>,
  topic: string | undefined,
  filter: string | undefined = topic,
): ResponseTopicTemplate | undefined {
  if (topic === undefined || filter === undefined) {
    if (filter === undefined) return undefined
    throw invalidArgument(`responseFilter is ${filter}, but there is no responseTopic: set both, or neither`)
  }
  const isTree = filter.endsWith(TREE)
  const topics = topicTemplate(topic)
  const filters = topicTemplate(isTree ? filter.slice(0, -TREE.length) : filter)
  for (const name of [...topics.parameters, ...filters.parameters]) {
    if (request.parameters.includes(name)) continue
    throw invalidArgument(
      `responseTopic ${topic} has the parameter {${name}}, which the request topic ${request.template} does not have`,
    )
  }
  const rest = restOf(request)
  for (const { parameters, template } of [topics, filters]) {
    if (rest === undefined || !parameters.includes(rest) || restOf({ template }) === rest) continue
    throw invalidArgument(
      `responseTopic ${template} has one level for {${rest}}, which matches several: write {${rest}...}`,
    )
  }
  const format: ResponseTopicTemplate['format'] = (params) => ({
    topic: topics.format(params),
    filter: filters.format(params) + (isTree ? TREE : ''),
  })
  const example = format(Object.fromEntries(request.parameters.map((name, index) => [name, `any${index}`])))
  if (!isMatch(example.filter, example.topic))
    throw invalidArgument(`responseFilter ${filter} does not match the responseTopic ${topic}`)
  return { format }
}

/** Returns the name of the parameter that matches several levels. */
function restOf({ template }: Pick<TopicTemplate<string>, 'template'>): string | undefined {
  return restName(template.slice(template.lastIndexOf('/') + 1))
}
