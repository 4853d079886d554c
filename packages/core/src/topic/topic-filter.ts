import { invalidArgument } from '../argument.js'
import { quoted, validateString } from './mqtt-string.js'

const sharePrefix = '$share/'

/** A filter in its parts. */
export interface ParsedFilter {
  /** The group of a shared subscription; absent on any other filter. */
  readonly share?: string
  /** What selects topics: all of it, or what follows the group. */
  readonly filter: string
  /** The levels of `filter`, from the left; an empty level is an empty string. */
  readonly levels: readonly string[]
}

/** Why a text cannot be subscribed to; `undefined` when it can. Shared filters, `$share/<group>/<filter>`, included. */
export function validateTopicFilter(filter: string): string | undefined {
  if (filter === '') return 'it is empty [MQTT-4.7.3-1]'
  const unfit = validateString(filter)
  if (unfit !== undefined) return unfit
  if (isSharedFilter(filter)) return validateSharedFilter(filter)
  return hasWildcard(filter) ? validateWildcards(filter) : undefined
}

/** Throws `invalid-argument`, naming the value and the rule, unless the text can be subscribed to. */
export function assertTopicFilter(filter: string): void {
  const reason = validateTopicFilter(filter)
  if (reason !== undefined) throw invalidArgument(`Filter ${quoted(filter)} is refused: ${reason}`, filter)
}

/** Whether a `+` or `#` stands anywhere in the text. */
export function hasWildcard(text: string): boolean {
  return text.includes('+') || text.includes('#')
}

/** Whether a valid filter is one of a shared subscription. */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith(sharePrefix)
}

/** Where in a valid filter the part begins that selects topics: 0, or what follows the group. */
export function selectorStart(filter: string): number {
  return isSharedFilter(filter) ? filter.indexOf('/', sharePrefix.length) + 1 : 0
}

/** Takes a filter apart; throws `invalid-argument` on one that cannot be subscribed to. */
export function parseFilter(filter: string): ParsedFilter {
  assertTopicFilter(filter)
  const start = selectorStart(filter)
  const selector = filter.slice(start)
  const parsed = { filter: selector, levels: selector.split('/') }
  return start === 0 ? parsed : { share: filter.slice(sharePrefix.length, start - 1), ...parsed }
}

function validateSharedFilter(filter: string): string | undefined {
  const end = filter.indexOf('/', sharePrefix.length)
  if (end === sharePrefix.length) return 'its group has no name [MQTT-4.8.2-1]'
  if (end < 0 || end + 1 === filter.length) return 'no filter follows its group [MQTT-4.8.2-2]'
  if (hasWildcard(filter.slice(sharePrefix.length, end))) return 'its group holds + or # [MQTT-4.8.2-2]'
  if (filter.startsWith(sharePrefix, end + 1)) return 'it shares a shared filter [MQTT-4.8.2-2]'
  return validateWildcards(filter.slice(end + 1))
}

function validateWildcards(filter: string): string | undefined {
  for (let at = 0; at < filter.length; at += 1) {
    const character = filter[at]
    if (character !== '+' && character !== '#') continue
    const isAlone =
      (at === 0 || filter[at - 1] === '/') && (at + 1 === filter.length || filter[at + 1] === '/')
    if (character === '+' && !isAlone) return 'its + is not a whole level [MQTT-4.7.1-2]'
    if (character === '#' && !isAlone) return 'its # is not a whole level [MQTT-4.7.1-1]'
    if (character === '#' && at + 1 < filter.length) return 'its # is not the last level [MQTT-4.7.1-1]'
  }
  return undefined
}
