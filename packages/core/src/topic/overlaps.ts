import { filterLevels, isReserved } from './filter-levels.js'

/** Whether a topic exists that both filters match. Both are valid; `$share/<group>/` is ignored. */
export function overlaps(a: string, b: string): boolean {
  return levelsOverlap(filterLevels(a), filterLevels(b))
}

/** Whether a topic exists that both filters match, given as the results of `filterLevels`. */
export function levelsOverlap(a: readonly string[], b: readonly string[]): boolean {
  if ((a[0] === '+' && isReserved(b[0])) || (b[0] === '+' && isReserved(a[0]))) return false
  for (const [index, level] of a.entries()) {
    const other = b[index]
    if (level === '#' || other === '#') return true
    if (other === undefined) return false
    if (level !== '+' && other !== '+' && level !== other) return false
  }
  return b.length === a.length || b[a.length] === '#'
}
