import type { Limits } from '../limits.js'

/** Which bound of the broker's a topic name or filter breaks, in words; `undefined` when it breaks none. */
export function topicExcess(
  topic: string,
  limits: Pick<Limits, 'topicLength' | 'topicLevels'>,
): string | undefined {
  const { topicLength, topicLevels } = limits
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (topic.length * 3 > topicLength && Buffer.byteLength(topic) > topicLength) {
    return `the topic is longer than ${topicLength} bytes`
  }
  if (topic.length >= topicLevels && levelCount(topic) > topicLevels) {
    return `the topic has more than ${topicLevels} levels`
  }
  return undefined
}

function levelCount(topic: string): number {
  let levels = 1
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++
  return levels
}
