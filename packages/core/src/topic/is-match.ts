import { selectorStart } from './topic-filter.js'

const dollar = 0x24
const hash = 0x23
const plus = 0x2b
const slash = 0x2f

/**
 * Whether a filter matches a topic. The `$share/<group>/` of a shared filter is ignored.
 *
 * A filter that begins with a wildcard does not match a topic that begins with `$` [MQTT-4.7.2-1]. `sport/#` also matches
 * `sport`. Both arguments must be valid: they are not checked, and nothing is thrown.
 */
export function isMatch(filter: string, topic: string): boolean {
  const start = selectorStart(filter)
  const first = filter.charCodeAt(start)
  const isWild = first === plus || first === hash
  return !(isWild && topic.charCodeAt(0) === dollar) && selects(filter, start, topic, 0)
}

/** Whether a filter from index `filterStart` matches a topic from index `topicStart`; both are starts of levels. */
export function selects(filter: string, filterStart: number, topic: string, topicStart: number): boolean {
  let filterIndex = filterStart
  let topicIndex = topicStart
  while (filterIndex < filter.length) {
    const expected = filter.charCodeAt(filterIndex)
    if (expected === hash) return true
    if (expected === plus) {
      while (topicIndex < topic.length && topic.charCodeAt(topicIndex) !== slash) topicIndex += 1
    } else {
      if (topicIndex === topic.length)
        return expected === slash && filter.charCodeAt(filterIndex + 1) === hash
      if (topic.charCodeAt(topicIndex) !== expected) return false
      topicIndex += 1
    }
    filterIndex += 1
  }
  return topicIndex === topic.length
}
