import { scoreOf, type FolderCounts } from './counts.js'

/**
 * Returns a line per folder whose score is below its floor. Folders that were mutated only in part are left out, because
 * their score does not apply to the folder.
 */
export function belowFloor(
  counts: FolderCounts,
  floors: Readonly<Record<string, number>>,
  whole: ReadonlySet<string>,
): readonly string[] {
  return Object.entries(floors).flatMap(([folder, floor]) => {
    const row = counts[folder]
    const score = row === undefined || !whole.has(folder) ? undefined : scoreOf(row)
    if (score === undefined || score >= floor) return []
    return [`${folder}: tests kill ${score.toFixed(1)} % of the mutants, the floor is ${floor} %`]
  })
}
