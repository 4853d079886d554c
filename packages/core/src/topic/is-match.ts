import { selectorStart } from './topic-filter.js'

const dollar = 0x24
const hash = 0x23
const plus = 0x2b
const slash = 0x2f

/**
 * Whether a valid filter selects a valid topic; a shared filter selects what follows its group.
 *
 * A topic that begins with `$` is none for a filter that begins with a wildcard [MQTT-4.7.2-1]; `sport/#` selects
 * `sport` as well. Both arguments are taken for valid: nothing is checked, nothing thrown.
 */
export function isMatch(filter: string, topic: string): boolean {
  const start = selectorStart(filter)
  const first = filter.charCodeAt(start)
  const isWild = first === plus || first === hash
  return !(isWild && topic.charCodeAt(0) === dollar) && selects(filter, start, topic, 0)
}

/** Whether a filter, from one of its levels on, selects a topic from one of its levels on. */
export function selects(filter: string, filterStart: number, topic: string, topicStart: number): boolean {
  let at = filterStart
  let from = topicStart
  while (at < filter.length) {
    const wanted = filter.charCodeAt(at)
    if (wanted === hash) return true
    if (wanted === plus) {
      while (from < topic.length && topic.charCodeAt(from) !== slash) from += 1
    } else {
      if (from === topic.length) return wanted === slash && filter.charCodeAt(at + 1) === hash
      if (topic.charCodeAt(from) !== wanted) return false
      from += 1
    }
    at += 1
  }
  return from === topic.length
}
