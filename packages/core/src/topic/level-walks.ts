import { isMatch } from './is-match.js'
import { Branch, type Slot, type TreeEntry } from './level-tree.js'

const dollar = 0x24

/** Adds to `found` every entry that has to be walked to and whose filter selects the topic. */
export function walkTopic<E extends TreeEntry<E>>(root: Branch<E>, topic: string, found: E[]): void {
  let frontier = [root]
  let start = 0
  // Wildcards leave out a topic that begins with `$` [MQTT-4.7.2-1].
  let isReserved = topic.charCodeAt(0) === dollar
  while (frontier.length > 0 && start <= topic.length) {
    const slash = topic.indexOf('/', start)
    const end = slash < 0 ? topic.length : slash
    const level = topic.slice(start, end)
    const next: Branch<E>[] = []
    for (const branch of frontier) {
      if (!isReserved) {
        collect(branch.hash, found)
        follow(branch.plus, topic, next, found)
      }
      follow(branch.children.get(level), topic, next, found)
    }
    frontier = next
    start = end + 1
    isReserved = false
  }
  for (const branch of frontier) {
    collect(branch.here, found)
    collect(branch.hash, found)
  }
}

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

function collect<E extends TreeEntry<E>>(head: E | undefined, found: E[]): void {
  for (let entry = head; entry !== undefined; entry = entry.next) if (entry.isWalked) found.push(entry)
}

function follow<E extends TreeEntry<E>>(
  slot: Slot<E> | undefined,
  topic: string,
  next: Branch<E>[],
  found: E[],
): void {
  if (slot === undefined) return
  if (slot instanceof Branch) {
    if (slot.walked > 0) next.push(slot)
  } else if ((slot.isWalked || slot.next !== undefined) && isMatch(slot.selector, topic)) {
    collect(slot, found)
  }
}

function turn<E extends TreeEntry<E>>(slot: Slot<E> | undefined, next: Branch<E>[], found: E[]): void {
  if (slot instanceof Branch) next.push(slot)
  else if (slot !== undefined) found.push(slot)
}
