import { isMatch } from '../topic/is-match.js'
import { validateTopicName } from '../topic/topic-name.js'

/** The response topics that a responder accepts: topic filters, or a predicate. */
export type ResponseTopicRule = readonly string[] | ((responseTopic: string) => boolean)

/**
 * Returns why a response topic is not allowed; `undefined` if it is. `isOwn` says whether the endpoint names the topic, and
 * not the request.
 */
export type ResponseTopicCheck = (responseTopic: string, isOwn: boolean) => string | undefined

/**
 * Returns the check of response topics for a responder.
 *
 * A responder publishes to a topic that a stranger names. It accepts a topic name without wildcards that does not match the
 * responder's own request filter, and is in `allowed`. Only the endpoint's own topic may start with `$` or have empty levels.
 */
export function responseTopicCheck(
  requestFilter: string,
  allowed: ResponseTopicRule = () => true,
): ResponseTopicCheck {
  const isAllowed = typeof allowed === 'function' ? allowed : isMatchedByAny(allowed)
  return (responseTopic, isOwn) => {
    const fault = validateTopicName(responseTopic)
    if (fault !== undefined) return fault
    if (!isOwn && hasEmptyLevel(responseTopic)) return 'it has an empty level'
    if (!isOwn && responseTopic.startsWith('$')) return 'it starts with $'
    if (isMatch(requestFilter, responseTopic)) return 'it matches the request filter'
    return isAllowed(responseTopic) ? undefined : 'responseTopics does not allow it'
  }
}

function hasEmptyLevel(topic: string): boolean {
  return topic.startsWith('/') || topic.endsWith('/') || topic.includes('//')
}

function isMatchedByAny(filters: readonly string[]): (responseTopic: string) => boolean {
  return (responseTopic) => filters.some((filter) => isMatch(filter, responseTopic))
}
