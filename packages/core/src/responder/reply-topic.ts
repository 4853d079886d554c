import { isMatch } from '../topic/is-match.js'
import { validateTopicName } from '../topic/topic-name.js'

/** Which topics a responder may be made to publish to: filters, or a rule of one's own. */
export type ReplyTopicRule = readonly string[] | ((replyTopic: string) => boolean)

/** Why no reply may go there; `undefined` when one may. */
export type ReplyTopicCheck = (replyTopic: string) => string | undefined

/**
 * A responder publishes where a stranger tells it to, so it looks first: a topic name without wildcards or empty levels,
 * outside the broker's own `$` trees, not among the requests themselves, and within the allow-list where there is one.
 */
export function replyTopicCheck(
  requestFilter: string,
  allowed: ReplyTopicRule = () => true,
): ReplyTopicCheck {
  const isAllowed = typeof allowed === 'function' ? allowed : isUnderOneOf(allowed)
  return (replyTopic) => {
    const fault = validateTopicName(replyTopic)
    if (fault !== undefined) return fault
    if (hasEmptyLevel(replyTopic)) return 'it has an empty level'
    if (replyTopic.startsWith('$')) return 'it is in a tree of the broker’s own'
    if (isMatch(requestFilter, replyTopic)) return 'it is where the requests come'
    return isAllowed(replyTopic) ? undefined : 'it is not on the allow-list'
  }
}

function hasEmptyLevel(topic: string): boolean {
  return topic.startsWith('/') || topic.endsWith('/') || topic.includes('//')
}

function isUnderOneOf(filters: readonly string[]): (replyTopic: string) => boolean {
  return (replyTopic) => filters.some((filter) => isMatch(filter, replyTopic))
}
