import { words } from './arbitraries.js'

/** Matches as the MQTT specification describes it, level by level; the reference for `isMatch`. */
export function isMatchBySpecification(filter: string, topic: string): boolean {
  const [first, , ...inner] = filter.split('/')
  const expected = first === '$share' ? inner : filter.split('/')
  const isWild = expected[0] === '+' || expected[0] === '#'
  return !(isWild && topic.startsWith('$')) && isMatchingLevels(expected, topic.split('/'))
}

function isMatchingLevels(
  [expected, ...moreExpected]: readonly string[],
  levels: readonly string[],
): boolean {
  if (expected === undefined) return levels.length === 0
  if (expected === '#') return true
  const [level, ...moreLevels] = levels
  return (
    level !== undefined &&
    (expected === '+' || expected === level) &&
    isMatchingLevels(moreExpected, moreLevels)
  )
}

/** All topics of up to five levels of `words`. */
export const universe: readonly string[] = [1, 2, 3, 4, 5].flatMap(topicsOf).filter((topic) => topic !== '')

function topicsOf(depth: number): string[] {
  return depth === 1
    ? [...words]
    : topicsOf(depth - 1).flatMap((topic) => words.map((word) => `${topic}/${word}`))
}
