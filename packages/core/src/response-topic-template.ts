import { invalidArgument } from './argument.js'
import { isMatch } from './topic/is-match.js'
import { restName } from './topic/level-pattern.js'
import { topicTemplate, type TopicTemplate } from './topic/topic-template.js'

/** The end of a filter that matches all topics below a level. */
const TREE = '/#'

/** Formats and matches the response topics of an endpoint. */
export interface ResponseTopicTemplate {
  /** The text of the template. */
  readonly template: string
  /** The text of the template of the filter. */
  readonly filter: string
  /** The text of the template of the topic for failures; `undefined` if they are on the response topic. */
  readonly failureTemplate?: string
  /** The names of its parameters that the request topic does not have. */
  readonly ownParameters: readonly string[]
  /** Returns the response topic of a request, the topic for failures if it differs, and the filter to subscribe to. */
  readonly format: (params: Readonly<Record<string, string>>) => ResponseTopics
  /** Returns the filter to subscribe to, which may have fewer parameters than the topic. */
  readonly formatFilter: (params: Readonly<Record<string, string>>) => string
  /**
   * Whether the Response Topic of a request is one of the endpoint, given the parameters of the request topic. Set if the
   * template has parameters that the request topic does not have, so that the Response Topic alone has their values.
   */
  readonly isMatch?: (topic: string, params: Readonly<Record<string, string>>) => boolean
  /** Returns the topic for the failure of a request with this response topic; `undefined` if it is the response topic. */
  readonly failureTopicOf: (
    responseTopic: string,
    params: Readonly<Record<string, string>>,
  ) => string | undefined
}

/** The topics of the responses to one request. */
export interface ResponseTopics {
  readonly topic: string
  readonly failureTopic?: string
  readonly filter: string
}

/** The texts of an endpoint's response topics. */
export interface ResponseTopicTexts {
  readonly responseTopic?: string | undefined
  readonly responseFilter?: string | undefined
  readonly failureTopic?: string | undefined
}

/** Creates the template of an endpoint's response topics; throws `invalid-argument` if it is invalid. */
export function responseTopicTemplate(
  request: TopicTemplate<string>,
  { responseTopic: topic, responseFilter, failureTopic }: ResponseTopicTexts,
): ResponseTopicTemplate | undefined {
  if (topic === undefined) {
    for (const [name, text] of Object.entries({ responseFilter, failureTopic })) {
      if (text !== undefined)
        throw invalidArgument(
          `contract.${name} is ${text}, but there is no responseTopic: set both, or neither`,
        )
    }
    return undefined
  }
  const filter = responseFilter ?? filterOfBoth(topic, failureTopic)
  const topics = topicTemplate<string>(topic)
  const failures = failureTopic === undefined ? undefined : failureTemplate(failureTopic, request, topics)
  const formatFilter = filterTemplate(filter, [...request.parameters, ...topics.parameters])
  requireSameRest(request, [topic, filter, ...(failureTopic === undefined ? [] : [failureTopic])])
  const ownParameters = topics.parameters.filter((name) => !request.parameters.includes(name))
  const format: ResponseTopicTemplate['format'] = (params) => ({
    topic: topics.format(params),
    ...(failures && { failureTopic: failures.format(params) }),
    filter: formatFilter(params),
  })
  const names = [...request.parameters, ...ownParameters]
  const example = format(Object.fromEntries(names.map((name, index) => [name, `any${index}`])))
  if (!isMatch(example.filter, example.topic))
    throw invalidArgument(`contract.responseFilter is ${filter}: it must match the responseTopic ${topic}`)
  if (example.failureTopic !== undefined && !isMatch(example.filter, example.failureTopic))
    throw invalidArgument(
      `contract.responseFilter is ${filter}: it must match the failureTopic ${failureTopic}`,
    )
  const texts = {
    template: topic,
    filter,
    ownParameters,
    formatFilter,
    ...(failureTopic !== undefined && { failureTemplate: failureTopic }),
  }
  const failureTopicOf: ResponseTopicTemplate['failureTopicOf'] = (responseTopic, params) =>
    failures?.format({ ...params, ...topics.match(responseTopic) })
  if (ownParameters.length === 0) return { ...texts, format, failureTopicOf }
  return {
    ...texts,
    format,
    failureTopicOf,
    isMatch: (topic, params) => {
      const values: Readonly<Record<string, string>> | undefined = topics.match(topic)
      if (values === undefined) return false
      return topics.parameters.every((name) => ownParameters.includes(name) || values[name] === params[name])
    },
  }
}

/** Returns the template of the narrowest filter for both topics, in which levels that differ are the wildcard `+`. */
function filterOfBoth(topic: string, failureTopic: string | undefined): string {
  if (failureTopic === undefined) return topic
  const levels = topic.split('/')
  const failureLevels = failureTopic.split('/')
  if (levels.length !== failureLevels.length) {
    throw invalidArgument(
      `contract.responseTopic ${topic} and failureTopic ${failureTopic} differ in length: set a responseFilter for both`,
    )
  }
  return levels.map((level, index) => (level === failureLevels[index] ? level : '+')).join('/')
}

function failureTemplate(
  text: string,
  request: TopicTemplate<string>,
  topics: TopicTemplate<string>,
): TopicTemplate<string> {
  const failures = topicTemplate<string>(text)
  const known = [...request.parameters, ...topics.parameters]
  const unknown = failures.parameters.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw invalidArgument(
      `contract.failureTopic ${text} has the parameter {${unknown}}, which neither topic nor responseTopic has`,
    )
  }
  if (text === topics.template)
    throw invalidArgument(
      `contract.failureTopic is ${text}, as is responseTopic: leave it out, and set failureOf`,
    )
  return failures
}

/** Returns the function that fills the template of a filter with wildcards. */
function filterTemplate(
  filter: string,
  known: readonly string[],
): (params: Readonly<Record<string, string>>) => string {
  const isTree = filter.endsWith(TREE)
  const levels = (isTree ? filter.slice(0, -TREE.length) : filter).split('/')
  // `TopicTemplate.filter` returns the wildcard for a parameter without a value.
  const template = topicTemplate<string>(
    levels.map((level, index) => (level === '+' ? `{+${index}}` : level)).join('/'),
  )
  const unknown = template.parameters.find((name) => !name.startsWith('+') && !known.includes(name))
  if (unknown !== undefined) {
    throw invalidArgument(
      `contract.responseFilter ${filter} has the parameter {${unknown}}, which neither topic nor responseTopic has`,
    )
  }
  const end = isTree ? TREE : ''
  return levels.includes('+')
    ? (params) => template.filter(params) + end
    : (params) => template.format(params) + end
}

/** Requires that a parameter of the request topic that matches several levels does so everywhere. */
function requireSameRest(request: TopicTemplate<string>, templates: readonly string[]): void {
  const rest = restOf(request.template)
  for (const template of templates) {
    if (rest === undefined || !template.includes(`{${rest}}`)) continue
    throw invalidArgument(
      `responseTopic ${template} has one level for {${rest}}, which matches several: write {${rest}...}`,
    )
  }
}

/** Returns the name of the parameter that matches several levels. */
function restOf(template: string): string | undefined {
  return restName(template.slice(template.lastIndexOf('/') + 1))
}
