import { filterLevels, isReserved } from './filter-levels.js'
import { isMatch } from './is-match.js'
import { Branch, type Slot, type TreeEntry } from './level-tree.js'

/** A level of the tree on the path of a search. */
interface Frame<E extends TreeEntry<E>> {
  readonly slots: Iterator<Slot<E> | undefined>
  /** The index of the filter's level that the slots belong to. */
  readonly depth: number
}

/**
 * A search for the entries of a tree that a filter matches, in short steps, for trees that are too large to be searched
 * at once.
 *
 * The tree may change between two steps. The search finds each entry that is in the tree during the whole search once; topics
 * that are added or removed meanwhile may be found or not.
 */
export class FilterSearch<E extends TreeEntry<E>> {
  readonly #filter: string
  readonly #levels: readonly string[]
  readonly #path: Frame<E>[]

  constructor(root: Branch<E>, filter: string) {
    this.#filter = filter
    this.#levels = filterLevels(filter)
    this.#path = [{ slots: this.#slotsOf(root, 0), depth: 0 }]
  }

  /** Whether the search has found all entries. */
  get isComplete(): boolean {
    return this.#path.length === 0
  }

  /** Takes one step and returns the entry that it found, if any. */
  step(): E | undefined {
    const frame = this.#path.at(-1)
    if (frame === undefined) return undefined
    const next: IteratorResult<Slot<E> | undefined, unknown> = frame.slots.next()
    if (next.done === true) {
      this.#path.pop()
      return undefined
    }
    const slot = next.value
    if (!(slot instanceof Branch))
      return slot !== undefined && isMatch(this.#filter, slot.selector) ? slot : undefined
    const depth = frame.depth + 1
    this.#path.push({ slots: this.#slotsOf(slot, depth), depth })
    return undefined
  }

  /** Returns the slots of a branch that the rest of the filter may match. */
  #slotsOf(branch: Branch<E>, depth: number): Iterator<Slot<E> | undefined> {
    const levels = this.#levels
    const level = levels[depth]
    const isBelowHash = depth >= levels.length && levels.at(-1) === '#'
    if (level === '#' || isBelowHash) return withEnding(branch)
    if (level === undefined) return [branch.ending].values()
    if (level !== '+') return [branch.children.get(level)].values()
    return depth === 0 ? unreserved(branch) : branch.children.values()
  }
}

function* withEnding<E extends TreeEntry<E>>(branch: Branch<E>): Iterator<Slot<E> | undefined> {
  yield branch.ending
  yield* branch.children.values()
}

function* unreserved<E extends TreeEntry<E>>(branch: Branch<E>): Iterator<Slot<E> | undefined> {
  for (const [level, slot] of branch.children) yield isReserved(level) ? undefined : slot
}
