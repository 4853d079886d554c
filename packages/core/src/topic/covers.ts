import { filterLevels, isReserved } from './filter-levels.js'

/** Whether filter `a` matches every topic that filter `b` matches. Both are valid; `$share/<group>/` is ignored. */
export function covers(a: string, b: string): boolean {
  const wide = filterLevels(a)
  const narrow = filterLevels(b)
  if (wide[0] === '+' && isReserved(narrow[0])) return false
  for (const [index, level] of wide.entries()) {
    if (level === '#') return true
    const other = narrow[index]
    if (other === undefined || other === '#') return false
    if (level !== '+' && level !== other) return false
  }
  return wide.length === narrow.length
}
