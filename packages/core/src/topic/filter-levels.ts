import { selectorStart } from './topic-filter.js'

/**
 * The levels of a valid filter, so written that every `#` stands for zero levels or more.
 *
 * That does not hold of `#` and `/#`: no levels would make the empty topic, which there is not [MQTT-4.7.3-1]. They
 * become `+/#` and `/+/#`, which select the same topics.
 */
export function filterLevels(filter: string): readonly string[] {
  const levels = filter.slice(selectorStart(filter)).split('/')
  const isBare = levels[0] === '#' || (levels[0] === '' && levels[1] === '#')
  return isBare ? [...levels.slice(0, -1), '+', '#'] : levels
}

/** Whether a first level names topics that wildcards leave out [MQTT-4.7.2-1]. */
export function isReserved(firstLevel: string | undefined): boolean {
  return firstLevel?.startsWith('$') ?? false
}
