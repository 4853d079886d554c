import { Branch, type Slot, type TreeEntry } from './level-tree.js'

/**
 * Adds to `found` one entry of every place that may share topics with a filter of these levels: none is missing, but
 * each has still to be looked at.
 */
export function walkFilter<E extends TreeEntry<E>>(
  root: Branch<E>,
  levels: readonly string[],
  found: E[],
): void {
  let frontier = [root]
  for (const level of levels) {
    if (level === '#') break
    const next: Branch<E>[] = []
    for (const branch of frontier) {
      if (branch.hash !== undefined) found.push(branch.hash)
      turn(branch.plus, next, found)
      if (level !== '+') turn(branch.children.get(level), next, found)
      else for (const slot of branch.children.values()) turn(slot, next, found)
    }
    frontier = next
  }
  const goesOn = levels.at(-1) === '#'
  while (frontier.length > 0) {
    const next: Branch<E>[] = []
    for (const branch of frontier) {
      if (branch.here !== undefined) found.push(branch.here)
      if (branch.hash !== undefined) found.push(branch.hash)
      if (!goesOn) continue
      turn(branch.plus, next, found)
      for (const slot of branch.children.values()) turn(slot, next, found)
    }
    frontier = next
  }
}

function turn<E extends TreeEntry<E>>(slot: Slot<E> | undefined, next: Branch<E>[], found: E[]): void {
  if (slot instanceof Branch) next.push(slot)
  else if (slot !== undefined) found.push(slot)
}
