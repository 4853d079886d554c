import { invalidArgument } from '../argument.js'
import { quoted, validateString } from './mqtt-string.js'

const sharePrefix = '$share/'

/** The parts of a topic filter. */
export interface ParsedFilter {
  /** The ShareName of a shared subscription; absent for other filters. */
  readonly share?: string
  /** The filter without `$share/<group>/`. */
  readonly filter: string
  /** The levels of `filter`; an empty level is an empty string. */
  readonly levels: readonly string[]
}

/** Returns why a text is not a valid topic filter or shared filter (`$share/<group>/<filter>`); `undefined` if it is. */
export function validateTopicFilter(filter: string): string | undefined {
  if (filter === '') return 'it is empty [MQTT-4.7.3-1]'
  const reason = validateString(filter)
  if (reason !== undefined) return reason
  if (isSharedFilter(filter)) return validateSharedFilter(filter)
  return hasWildcard(filter) ? validateWildcards(filter) : undefined
}

/** Throws `invalid-argument`, naming the value and the rule, if the text is not a valid topic filter. */
export function assertTopicFilter(filter: string): void {
  const reason = validateTopicFilter(filter)
  if (reason !== undefined)
    throw invalidArgument(`topic filter ${quoted(filter)} is invalid: ${reason}`, filter)
}

/** Whether a text contains `+` or `#`. */
export function hasWildcard(text: string): boolean {
  return text.includes('+') || text.includes('#')
}

/** Whether a valid filter is that of a shared subscription. */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith(sharePrefix)
}

/** Returns the index of the filter after `$share/<group>/` in a valid filter; 0 if it is not shared. */
export function selectorStart(filter: string): number {
  return isSharedFilter(filter) ? filter.indexOf('/', sharePrefix.length) + 1 : 0
}

/** Splits a topic filter into its parts; throws `invalid-argument` if it is invalid. */
export function parseFilter(filter: string): ParsedFilter {
  assertTopicFilter(filter)
  const start = selectorStart(filter)
  const selector = filter.slice(start)
  const parsed = { filter: selector, levels: selector.split('/') }
  return start === 0 ? parsed : { share: filter.slice(sharePrefix.length, start - 1), ...parsed }
}

function validateSharedFilter(filter: string): string | undefined {
  const end = filter.indexOf('/', sharePrefix.length)
  if (end === sharePrefix.length) return 'its group name is empty [MQTT-4.8.2-1]'
  if (end < 0 || end + 1 === filter.length) return 'no filter follows its group [MQTT-4.8.2-2]'
  if (hasWildcard(filter.slice(sharePrefix.length, end))) return 'its group holds + or # [MQTT-4.8.2-2]'
  if (filter.startsWith(sharePrefix, end + 1)) return 'its group is followed by another [MQTT-4.8.2-2]'
  return validateWildcards(filter.slice(end + 1))
}

function validateWildcards(filter: string): string | undefined {
  for (let index = 0; index < filter.length; index += 1) {
    const character = filter[index]
    if (character !== '+' && character !== '#') continue
    const isAlone =
      (index === 0 || filter[index - 1] === '/') && (index + 1 === filter.length || filter[index + 1] === '/')
    if (character === '+' && !isAlone) return 'its + is not a whole level [MQTT-4.7.1-2]'
    if (character === '#' && !isAlone) return 'its # is not a whole level [MQTT-4.7.1-1]'
    if (character === '#' && index + 1 < filter.length) return 'its # is not the last level [MQTT-4.7.1-1]'
  }
  return undefined
}
