import { filterLevels } from './filter-levels.js'
import { walkFilter } from './filter-walk.js'
import { isMatch } from './is-match.js'
import { Branch, insert, remove, type TreeEntry } from './level-tree.js'
import { assertTopicFilter } from './topic-filter.js'
import { assertTopicName } from './topic-name.js'
import { FilterSearch } from './filter-search.js'

interface Leaf<V> extends TreeEntry<Leaf<V>> {
  value: V
}

/** A search for topics that takes many short steps. */
export interface TopicSearch<V> {
  /** Whether the search has found all topics. */
  readonly isComplete: boolean
  /** Takes one step and returns the value that it found, if any. */
  readonly next: () => V | undefined
}

/**
 * A map from topics to values with look-up by filter, such as for the retained messages of a broker. The inverse of a
 * `TopicTrie`.
 */
export class TopicTree<V> {
  readonly #root = new Branch<Leaf<V>>()
  readonly #leaves = new Map<string, Leaf<V>>()

  /** The number of topics with a value. */
  get size(): number {
    return this.#leaves.size
  }

  /** Returns the value of a topic. */
  get(topic: string): V | undefined {
    return this.#leaves.get(topic)?.value
  }

  /** Sets the value of a topic. Throws `invalid-argument` on an invalid topic. */
  set(topic: string, value: V): void {
    const existing = this.#leaves.get(topic)
    if (existing !== undefined) {
      existing.value = value
      return
    }
    assertTopicName(topic)
    const leaf: Leaf<V> = { selector: topic, isWalked: false, next: undefined, value }
    this.#leaves.set(topic, leaf)
    insert(this.#root, leaf)
  }

  /** Removes the value of a topic and returns whether it had one. Frees the memory that only this topic needed. */
  delete(topic: string): boolean {
    const leaf = this.#leaves.get(topic)
    if (leaf === undefined) return false
    this.#leaves.delete(topic)
    remove(this.#root, leaf)
    return true
  }

  /** Iterates over all topics with their values, including those that begin with `$`. */
  *[Symbol.iterator](): Iterator<readonly [topic: string, value: V]> {
    for (const [topic, { value }] of this.#leaves) yield [topic, value]
  }

  /**
   * Begins a search for the topics that a filter matches, in steps, for trees that are too large to be searched at once;
   * `$share/<group>/` is ignored. The tree may change between the steps: topics that are added or removed meanwhile may be
   * found or not. Throws `invalid-argument` on an invalid filter.
   */
  search(filter: string): TopicSearch<V> {
    assertTopicFilter(filter)
    const search = new FilterSearch(this.#root, filter)
    return {
      get isComplete() {
        return search.isComplete
      },
      next: () => search.step()?.value,
    }
  }

  /**
   * Calls `visit` for every topic that the filter matches; `$share/<group>/` is ignored. Throws `invalid-argument` on an
   * invalid filter. A visitor may change the tree; the call still visits the topics from before.
   */
  matchFilter(filter: string, visit: (value: V, topic: string) => void): void {
    assertTopicFilter(filter)
    const found: Leaf<V>[] = []
    walkFilter(this.#root, filterLevels(filter), found)
    const selected = found.filter(({ selector }) => isMatch(filter, selector))
    for (const { value, selector } of selected) visit(value, selector)
  }
}
