import { invalidArgument } from '../argument.js'
import { quoted, validateString } from './mqtt-string.js'
import { hasWildcard } from './topic-filter.js'

/** Returns why a text is not a valid topic name; `undefined` if it is. */
export function validateTopicName(topic: string): string | undefined {
  if (topic === '') return 'it is empty [MQTT-4.7.3-1]'
  const reason = validateString(topic)
  if (reason !== undefined) return reason
  if (hasWildcard(topic)) return 'it holds a wildcard, + or # [MQTT-3.3.2-2]'
  return undefined
}

/** Throws `invalid-argument`, naming the value and the rule, if the text is not a valid topic name. */
export function assertTopicName(topic: string): void {
  const reason = validateTopicName(topic)
  if (reason !== undefined) throw invalidArgument(`topic ${quoted(topic)} is invalid: ${reason}`, topic)
}
