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
  /** Returns the response topic of a request, and the filter to subscribe to. */
  readonly format: (params: Readonly<Record<string, string>>) => {
    readonly topic: string
    readonly filter: string
  }
  /**
   * Whether the Response Topic of a request is one of the endpoint, given the parameters of the request topic. Set if the
   * template has parameters that the request topic does not have, so that the Response Topic alone has their values.
   */
  readonly isMatch?: (topic: string, params: Readonly<Record<string, string>>) => boolean
}

/** Creates the template of an endpoint's response topics; throws `invalid-argument` if it is invalid. */
export function responseTopicTemplate(
  request: TopicTemplate<string>,
  topic: string | undefined,
  filter: string | undefined = topic,
): ResponseTopicTemplate | undefined {
  if (topic === undefined || filter === undefined) {
    if (filter === undefined) return undefined
    throw invalidArgument(`responseFilter is ${filter}, but there is no responseTopic: set both, or neither`)
  }
  const topics = topicTemplate<string>(topic)
  const formatFilter = filterTemplate(filter, [...request.parameters, ...topics.parameters])
  requireSameRest(request, [topic, filter])
  const ownParameters = topics.parameters.filter((name) => !request.parameters.includes(name))
  const format: ResponseTopicTemplate['format'] = (params) => ({
    topic: topics.format(params),
    filter: formatFilter(params),
  })
  const names = [...request.parameters, ...ownParameters]
  const example = format(Object.fromEntries(names.map((name, index) => [name, `any${index}`])))
  if (!isMatch(example.filter, example.topic))
    throw invalidArgument(`responseFilter ${filter} does not match the responseTopic ${topic}`)
  const texts = { template: topic, filter }
  if (ownParameters.length === 0) return { ...texts, format }
  return {
    ...texts,
    format,
    isMatch: (topic, params) => {
      const values: Readonly<Record<string, string>> | undefined = topics.match(topic)
      if (values === undefined) return false
      return topics.parameters.every((name) => ownParameters.includes(name) || values[name] === params[name])
    },
  }
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
      `responseFilter ${filter} has the parameter {${unknown}}, which neither the request topic nor the responseTopic has`,
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
