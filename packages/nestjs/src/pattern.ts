import type { Endpoint, EndpointTypes } from '@antiphon/core'
import { parseFilter } from '@antiphon/core/topic'

/** The topics of a pattern. */
export interface PatternTopics {
  /** The group in a pattern of the form `$share/<group>/<filter>`. */
  readonly group: string | undefined
  /** The topic template that matches the same topics. */
  readonly template: string
}

/** Returns the topics of a pattern of a handler, which may have wildcards. Throws `invalid-argument` if it is no filter. */
export function topicsOf(pattern: string, topicPrefix: string): PatternTopics {
  const { share, levels } = parseFilter(pattern)
  const template = levels.map((level, index) => {
    if (level === '+') return `{level${index}}`
    return level === '#' ? '{rest...}' : literalTemplate(level)
  })
  return { group: share, template: literalTemplate(topicPrefix) + template.join('/') }
}

/** Returns the topic template of a pattern without wildcards, in which braces are text. */
export function literalTemplate(pattern: string): string {
  return pattern.replace(/[{}]/g, '$&$&')
}

/** Whether a pattern is an endpoint of Antiphon. */
export function isEndpoint(pattern: unknown): pattern is Endpoint<EndpointTypes> {
  return (
    typeof pattern === 'object' &&
    pattern !== null &&
    ['topic', 'request', 'response', 'correlation', 'acceptsNotifications'].every((name) => name in pattern)
  )
}
