import { filterLevels, isReserved } from './filter-levels.js'

/** Whether some topic is selected by both filters; both valid, shared ones by what they share. */
export function overlaps(a: string, b: string): boolean {
  return levelsOverlap(filterLevels(a), filterLevels(b))
}

/** `overlaps` for what `filterLevels` returned. */
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
