import { invalidArgument } from './argument.js'
import type { Codec } from './codec/codec.js'
import type { Correlation } from './correlation/correlation.js'
import { correlationData } from './correlation/correlation-data.js'
import type { PayloadFieldCorrelation } from './correlation/payload-field.js'
import { isMatch } from './topic/is-match.js'
import { restName } from './topic/level-pattern.js'
import type { TemplateParams } from './topic/template-params.js'
import { topicTemplate, type TopicTemplate } from './topic/topic-template.js'

/** What a filter ends in that takes all below it. */
const TREE = '/#'

/** One answer to a question, or a stream of them. */
export type ResponseKind = 'one' | 'many'

/** Everything about an endpoint that the compiler knows. */
export interface EndpointTypes {
  /** The topic's parameters. */
  readonly params: object
  /** What the caller gives and the handler gets: a token in the payload is optional to the one, there for the other. */
  readonly requestInput: unknown
  readonly request: unknown
  /** What the handler gives and the caller gets. */
  readonly responseInput: unknown
  readonly response: unknown
  readonly kind: ResponseKind
}

/** What both sides agree on. */
export interface EndpointContract<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
> {
  /** What it is called in errors, logs and metrics. @defaultValue the topic's template */
  readonly name?: string
  /** The template of the request's topic. */
  readonly topic: Topic
  /**
   * The template of the topic that responses are published to, over the parameters of the request's topic.
   * @defaultValue the requester's own topic `response/<clientId>`, sent as Response Topic
   */
  readonly responseTopic?: string
  /**
   * The template of the filter that a requester subscribes to for responses; wider than one topic where many requests
   * share a subscription. @defaultValue `responseTopic`
   */
  readonly responseFilter?: string
  readonly request: Codec<Req>
  readonly response: Codec<Res>
  /** How an answer finds its question. @defaultValue correlationData() */
  readonly correlation?: Via
  /** @defaultValue 'one' */
  readonly responses?: Kind
  /** Requests that name no place for an answer are handled all the same, unanswered. @defaultValue false */
  readonly acceptsNotifications?: boolean
  /**
   * What to answer with when handling failed and the peer cannot read statuses (MQTT 3.1.1); without it, or where it
   * gives nothing, silence.
   */
  readonly onFailure?: (failure: {
    readonly code: number
    readonly message: string
  }) => WithoutToken<Res, Via> | undefined
}

/** Where the replies to a question with the given topic parameters come, and what to subscribe to for them. */
export interface ResponseTopicTemplate {
  readonly format: (params: Readonly<Record<string, string>>) => {
    readonly topic: string
    readonly filter: string
  }
}

/** A contract between those who ask and those who answer, typed for both; made by `endpoint`. */
export interface Endpoint<T extends EndpointTypes = EndpointTypes> {
  readonly name: string
  readonly topic: TopicTemplate<string>
  readonly responseTopic: ResponseTopicTemplate | undefined
  readonly request: Codec<unknown>
  readonly response: Codec<unknown>
  readonly correlation: Correlation
  readonly responses: T['kind']
  readonly acceptsNotifications: boolean
  readonly onFailure: ((failure: { readonly code: number; readonly message: string }) => unknown) | undefined
  /** Carries the types; never there when running. */
  readonly types?: T
}

/** What an endpoint's contract amounts to in types. */
export interface ContractTypes<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
> extends EndpointTypes {
  readonly params: TemplateParams<Topic>
  readonly requestInput: WithoutToken<Req, Via>
  readonly request: Req
  readonly responseInput: WithoutToken<Res, Via>
  readonly response: Res
  readonly kind: Kind
}

/** A value whose token field, if it has one, may be left to the library. */
export type WithoutToken<A, Via extends Correlation> =
  Via extends PayloadFieldCorrelation<infer Field>
    ? A extends unknown
      ? Omit<A, Field> & Partial<Pick<A, Field & keyof A>>
      : never
    : A

/** What a caller gives for one question: the value, and the topic's parameters where it has any. */
export type RequestArgument<T extends EndpointTypes> = keyof T['params'] extends never
  ? T['requestInput']
  : { readonly params: T['params']; readonly value: T['requestInput'] }

/**
 * A contract for one kind of question: where it is asked, what it looks like, how its answer finds the way back. Both
 * sides take their types from it.
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
>(
  contract: EndpointContract<Topic, Req, Res, Kind, Via>,
): Endpoint<ContractTypes<Topic, Req, Res, Kind, Via>> {
  const topic = topicTemplate<string>(contract.topic)
  return {
    name: contract.name ?? contract.topic,
    topic,
    responseTopic: responseTopicTemplate(topic, contract.responseTopic, contract.responseFilter),
    request: contract.request as Codec<unknown>,
    response: contract.response as Codec<unknown>,
    correlation: contract.correlation ?? correlationData(),
    responses: (contract.responses ?? 'one') as Kind,
    acceptsNotifications: contract.acceptsNotifications ?? false,
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
      `responseTopic ${template} has one level for {${rest}}, which stands for several: write {${rest}...}`,
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

/** The name of the parameter that stands for several levels. */
function restOf({ template }: Pick<TopicTemplate<string>, 'template'>): string | undefined {
  return restName(template.slice(template.lastIndexOf('/') + 1))
}
