import { invalidArgument } from '../argument.js'
import { quoted, validateString } from './mqtt-string.js'
import { hasWildcard } from './topic-filter.js'

/** Why a text cannot be the topic of a message; `undefined` when it can. */
export function validateTopicName(topic: string): string | undefined {
  if (topic === '') return 'it is empty [MQTT-4.7.3-1]'
  const unfit = validateString(topic)
  if (unfit !== undefined) return unfit
  if (hasWildcard(topic)) return 'it holds a wildcard, + or # [MQTT-3.3.2-2]'
  return undefined
}

/** Throws `invalid-argument`, naming the value and the rule, unless the text can be the topic of a message. */
export function assertTopicName(topic: string): void {
  const reason = validateTopicName(topic)
  if (reason !== undefined) throw invalidArgument(`Topic ${quoted(topic)} is refused: ${reason}`, topic)
}
