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
export type ReplyKind = 'one' | 'many'

/** Everything about an endpoint that the compiler knows. */
export interface EndpointTypes {
  /** The topic's parameters. */
  readonly params: object
  /** What the caller gives and the handler gets: a token in the payload is optional to the one, there for the other. */
  readonly asked: unknown
  readonly request: unknown
  /** What the handler gives and the caller gets. */
  readonly answered: unknown
  readonly response: unknown
  readonly kind: ReplyKind
}

/** Where replies come when the endpoint, not the caller, decides it. */
export interface ReplyContract<Topic extends string = string> {
  /** The template of the reply's topic, over the parameters of the request's. */
  readonly topic: Topic
  /** The template of the filter a caller subscribes to; wider than one topic where many questions share it. */
  readonly filter?: string
}

/** What both sides agree on. */
export interface EndpointContract<
  Topic extends string,
  Req,
  Res,
  Kind extends ReplyKind,
  Via extends Correlation,
> {
  /** What it is called in errors, logs and metrics. @defaultValue the topic's template */
  readonly name?: string
  /** The template of the request's topic. */
  readonly topic: Topic
  /** Where replies come. @defaultValue a topic of the caller's own, `response/<clientId>`, told in the Response Topic */
  readonly reply?: ReplyContract
  readonly request: Codec<Req>
  readonly response: Codec<Res>
  /** How an answer finds its question. @defaultValue correlationData() */
  readonly correlation?: Via
  /** @defaultValue 'one' */
  readonly replies?: Kind
  /** Requests that name no place for an answer are handled all the same, unanswered. @defaultValue false */
  readonly acceptsNotifications?: boolean
  /**
   * What to answer with when handling failed and the peer cannot read statuses (MQTT 3.1.1); without it, or where it
   * gives nothing, silence.
   */
  readonly onFailure?: (failure: {
    readonly code: number
    readonly message: string
  }) => Unmarked<Res, Via> | undefined
}

/** Where the replies to a question with the given topic parameters come, and what to subscribe to for them. */
export interface ReplyPlaces {
  readonly place: (params: Readonly<Record<string, string>>) => {
    readonly topic: string
    readonly filter: string
  }
}

/** A contract between those who ask and those who answer, typed for both; made by `endpoint`. */
export interface Endpoint<T extends EndpointTypes = EndpointTypes> {
  readonly name: string
  readonly topic: TopicTemplate<string>
  readonly reply: ReplyPlaces | undefined
  readonly request: Codec<unknown>
  readonly response: Codec<unknown>
  readonly correlation: Correlation
  readonly replies: T['kind']
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
  Kind extends ReplyKind,
  Via extends Correlation,
> extends EndpointTypes {
  readonly params: TemplateParams<Topic>
  readonly asked: Unmarked<Req, Via>
  readonly request: Req
  readonly answered: Unmarked<Res, Via>
  readonly response: Res
  readonly kind: Kind
}

/** A value whose token field, if it has one, may be left to the library. */
export type Unmarked<A, Via extends Correlation> =
  Via extends PayloadFieldCorrelation<infer Field>
    ? A extends unknown
      ? Omit<A, Field> & Partial<Pick<A, Field & keyof A>>
      : never
    : A

/** What a caller gives for one question: the value, and the topic's parameters where it has any. */
export type Ask<T extends EndpointTypes> = keyof T['params'] extends never
  ? T['asked']
  : { readonly params: T['params']; readonly value: T['asked'] }

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
  Kind extends ReplyKind = 'one',
  Via extends Correlation = Correlation,
>(
  contract: EndpointContract<Topic, Req, Res, Kind, Via>,
): Endpoint<ContractTypes<Topic, Req, Res, Kind, Via>> {
  const topic = topicTemplate<string>(contract.topic)
  return {
    name: contract.name ?? contract.topic,
    topic,
    reply: contract.reply && replyPlaces(topic, contract.reply),
    request: contract.request as Codec<unknown>,
    response: contract.response as Codec<unknown>,
    correlation: contract.correlation ?? correlationData(),
    replies: (contract.replies ?? 'one') as Kind,
    acceptsNotifications: contract.acceptsNotifications ?? false,
    onFailure: contract.onFailure,
  }
}

function replyPlaces(request: TopicTemplate<string>, { topic, filter = topic }: ReplyContract): ReplyPlaces {
  const isTree = filter.endsWith(TREE)
  const topics = topicTemplate(topic)
  const filters = topicTemplate(isTree ? filter.slice(0, -TREE.length) : filter)
  for (const name of [...topics.parameters, ...filters.parameters]) {
    if (request.parameters.includes(name)) continue
    throw invalidArgument(
      `the reply template ${topic} names {${name}}, which the request template ${request.template} does not have`,
    )
  }
  const rest = restOf(request)
  for (const reply of [topics, filters]) {
    if (rest === undefined || !reply.parameters.includes(rest) || restOf(reply) === rest) continue
    throw invalidArgument(
      `the reply template ${reply.template} has one level for {${rest}}, which stands for several: write {${rest}...}`,
    )
  }
  const place: ReplyPlaces['place'] = (params) => ({
    topic: topics.format(params),
    filter: filters.format(params) + (isTree ? TREE : ''),
  })
  const example = place(Object.fromEntries(request.parameters.map((name, index) => [name, `any${index}`])))
  if (!isMatch(example.filter, example.topic))
    throw invalidArgument(`the reply filter ${filter} does not take what comes on the reply topic ${topic}`)
  return { place }
}

/** The name of the parameter that stands for several levels. */
function restOf({ template }: TopicTemplate<string>): string | undefined {
  return restName(template.slice(template.lastIndexOf('/') + 1))
}
