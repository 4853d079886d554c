import { words } from './arbitraries.js'

/** Matching as the norm tells it, level by level and without a thought for speed: what the real one is held against. */
export function isMatchByNorm(filter: string, topic: string): boolean {
  const [first, , ...inner] = filter.split('/')
  const wanted = first === '$share' ? inner : filter.split('/')
  const isWild = wanted[0] === '+' || wanted[0] === '#'
  return !(isWild && topic.startsWith('$')) && goesWith(wanted, topic.split('/'))
}

function goesWith([wanted, ...moreWanted]: readonly string[], levels: readonly string[]): boolean {
  if (wanted === undefined) return levels.length === 0
  if (wanted === '#') return true
  const [level, ...moreLevels] = levels
  return level !== undefined && (wanted === '+' || wanted === level) && goesWith(moreWanted, moreLevels)
}

/** Every topic of up to five levels over the words of the filters under test, and one word more. */
export const universe: readonly string[] = [1, 2, 3, 4, 5].flatMap(topicsOf).filter((topic) => topic !== '')

function topicsOf(depth: number): string[] {
  return depth === 1
    ? [...words]
    : topicsOf(depth - 1).flatMap((topic) => words.map((word) => `${topic}/${word}`))
}
