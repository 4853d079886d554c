import { utf8Size } from '@antiphon/packet'
import type { Limits } from '../limits.js'

/** Returns which limit a Topic Name or Topic Filter exceeds, as text; `undefined` if it exceeds none. */
export function topicLimitFault(
  topic: string,
  limits: Pick<Limits, 'topicLength' | 'topicLevels'>,
): string | undefined {
  const { topicLength, topicLevels } = limits
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (topic.length * 3 > topicLength && utf8Size(topic) > topicLength) {
    return `the topic is too long: limits.topicLength is ${topicLength} bytes`
  }
  if (topic.length >= topicLevels && levelCount(topic) > topicLevels) {
    return `the topic has too many levels: limits.topicLevels is ${topicLevels}`
  }
  return undefined
}

function levelCount(topic: string): number {
  let levels = 1
  for (let index = topic.indexOf('/'); index >= 0; index = topic.indexOf('/', index + 1)) levels++
  return levels
}

/** Whether a topic belongs to the broker: a client may subscribe to it, and not publish to it. */
export function isReservedTopic(topic: string): boolean {
  return topic.startsWith('$SYS') && (topic.length === 4 || topic[4] === '/')
}
