import { isMatch } from '../topic/is-match.js'
import { validateTopicName } from '../topic/topic-name.js'

/** Which topics a responder may be made to publish to: filters, or a rule of one's own. */
export type ResponseTopicRule = readonly string[] | ((responseTopic: string) => boolean)

/** Why no reply may go there; `undefined` when one may. */
export type ResponseTopicCheck = (responseTopic: string) => string | undefined

/**
 * A responder publishes where a stranger tells it to, so it looks first: a topic name without wildcards or empty levels,
 * outside the broker's own `$` trees, not among the requests themselves, and within the allow-list where there is one.
 */
export function responseTopicCheck(
  requestFilter: string,
  allowed: ResponseTopicRule = () => true,
): ResponseTopicCheck {
  const isAllowed = typeof allowed === 'function' ? allowed : isUnderOneOf(allowed)
  return (responseTopic) => {
    const fault = validateTopicName(responseTopic)
    if (fault !== undefined) return fault
    if (hasEmptyLevel(responseTopic)) return 'it has an empty level'
    if (responseTopic.startsWith('$')) return 'it is in a tree of the broker’s own'
    if (isMatch(requestFilter, responseTopic)) return 'it is where the requests come'
    return isAllowed(responseTopic) ? undefined : 'it is not on the allow-list'
  }
}

function hasEmptyLevel(topic: string): boolean {
  return topic.startsWith('/') || topic.endsWith('/') || topic.includes('//')
}

function isUnderOneOf(filters: readonly string[]): (responseTopic: string) => boolean {
  return (responseTopic) => filters.some((filter) => isMatch(filter, responseTopic))
}
