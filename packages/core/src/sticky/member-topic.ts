import type { OptionRule } from '../option-rules.js'
import { presenceTopic } from '../presence/announcement.js'
import { validateString } from '../topic/mqtt-string.js'

/** Returns what precedes the topics of requests to one member of a group. */
export function memberTopicPrefix(prefix: string, clientId: string, group: string): string {
  return `${presenceTopic(prefix, clientId)}/${group}/`
}

/** Accepts the names of groups, which are one topic level. */
export const groupNameRule: OptionRule = (value) => {
  if (typeof value !== 'string' || value === '') return 'it must be the name of a group'
  return /[/+#]/.test(value) ? 'it must not contain /, + or #' : validateString(value)
}
