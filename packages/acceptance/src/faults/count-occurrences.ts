/** Counts how often each word occurs. */
export function countOccurrences<W extends string>(words: Iterable<W>): Partial<Record<W, number>> {
  const counts: Partial<Record<W, number>> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
