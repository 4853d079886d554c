import { allowedLicences, isAllowed } from './allowed.js'
import type { Dependency } from './dependencies.js'

/** Returns a line per dependency with a licence that is not allowed, followed by what to do; empty if all are allowed. */
export function licenceFaults(dependencies: readonly Dependency[]): readonly string[] {
  const faults = dependencies
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ name, version, licence, path }) => {
      const fault =
        licence === '' ? 'states no licence' : `has the licence "${licence}", which is not allowed`
      return `${name}@${version} ${fault}; it is required by ${path.join(' → ')}`
    })
  if (faults.length === 0) return []
  return [
    ...faults,
    `Allowed are ${allowedLicences.join(', ')}. Replace the dependency, or argue for its licence in docs/decisions/0012 and add it to packages/workshop/check/licences/allowed.ts.`,
  ]
}

/** Returns how many dependencies have each licence, the most frequent first: `40 MIT, 3 ISC`. */
export function licenceCounts(dependencies: readonly Dependency[]): string {
  const counts = new Map<string, number>()
  for (const { licence } of dependencies) counts.set(licence, (counts.get(licence) ?? 0) + 1)
  return [...counts]
    .sort(([a, many], [b, few]) => few - many || a.localeCompare(b))
    .map(([licence, count]) => `${count} ${licence}`)
    .join(', ')
}
