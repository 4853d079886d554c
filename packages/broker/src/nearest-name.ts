/** Returns the known names nearest to an unknown one: the one it resembles, or else all of them, as a hint. */
export function nearestNameHint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? `use ${known.join(', ')}` : `did you mean ${nearest}?`
}

/** Returns the known name that an unknown one resembles. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return known.find((candidate) => isSimilar(name.toLowerCase(), candidate.toLowerCase()))
}

/** Whether two names differ in at most a third of their characters, or one begins or ends with the other. */
function isSimilar(name: string, other: string): boolean {
  if (name.length > 2 && (other.startsWith(name) || other.endsWith(name) || name.startsWith(other)))
    return true
  return editDistance(name, other) * 3 <= name.length
}

/** Returns how many characters must be inserted, removed or replaced to turn one name into the other. */
function editDistance(name: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, length) => length)
  for (let row = 1; row <= name.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (name[row - 1] === other[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[other.length] ?? 0
}
