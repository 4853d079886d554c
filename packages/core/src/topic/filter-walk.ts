import { Branch, type Slot, type TreeEntry } from './level-tree.js'

/**
 * Adds to `found` the first entry of every chain that may match topics of a filter with these levels. None is missing,
 * but each still has to be checked.
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
      follow(branch.plus, next, found)
      if (level !== '+') follow(branch.children.get(level), next, found)
      else for (const slot of branch.children.values()) follow(slot, next, found)
    }
    frontier = next
  }
  const endsWithHash = levels.at(-1) === '#'
  while (frontier.length > 0) {
    const next: Branch<E>[] = []
    for (const branch of frontier) {
      if (branch.ending !== undefined) found.push(branch.ending)
      if (branch.hash !== undefined) found.push(branch.hash)
      if (!endsWithHash) continue
      follow(branch.plus, next, found)
      for (const slot of branch.children.values()) follow(slot, next, found)
    }
    frontier = next
  }
}

function follow<E extends TreeEntry<E>>(slot: Slot<E> | undefined, next: Branch<E>[], found: E[]): void {
  if (slot instanceof Branch) next.push(slot)
  else if (slot !== undefined) found.push(slot)
}
