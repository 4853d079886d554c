import { selectorStart } from './topic-filter.js'

/**
 * Returns the levels of a valid filter, normalized so that every `#` matches zero or more levels.
 *
 * `#` and `/#` cannot match zero levels, because topics are not empty [MQTT-4.7.3-1]. They become `+/#` and `/+/#`, which
 * match the same topics.
 */
export function filterLevels(filter: string): readonly string[] {
  const levels = filter.slice(selectorStart(filter)).split('/')
  const isBare = levels[0] === '#' || (levels[0] === '' && levels[1] === '#')
  return isBare ? [...levels.slice(0, -1), '+', '#'] : levels
}

/** Whether a first level begins with `$`, so that wildcards do not match it [MQTT-4.7.2-1]. */
export function isReserved(firstLevel: string | undefined): boolean {
  return firstLevel?.startsWith('$') ?? false
}
