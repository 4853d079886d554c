import { filterLevels } from './filter-levels.js'
import { walkFilter } from './filter-walk.js'
import { isMatch } from './is-match.js'
import { Branch, insert, remove, type TreeEntry } from './level-tree.js'
import { assertTopicFilter } from './topic-filter.js'
import { assertTopicName } from './topic-name.js'

interface Leaf<V> extends TreeEntry<Leaf<V>> {
  value: V
}

/**
 * A map from topics to values that is asked by filter: the inverse of a `TopicTrie`, such as a broker needs for its
 * retained messages.
 */
export class TopicTree<V> {
  readonly #root = new Branch<Leaf<V>>()
  readonly #leaves = new Map<string, Leaf<V>>()

  /** How many topics have a value. */
  get size(): number {
    return this.#leaves.size
  }

  /** The value stored under this very topic name. */
  get(topic: string): V | undefined {
    return this.#leaves.get(topic)?.value
  }

  /** Gives the topic a value, in place of any former one. Throws `invalid-argument` on an invalid topic. */
  set(topic: string, value: V): void {
    const known = this.#leaves.get(topic)
    if (known !== undefined) {
      known.value = value
      return
    }
    assertTopicName(topic)
    const leaf: Leaf<V> = { selector: topic, isWalked: false, next: undefined, value }
    this.#leaves.set(topic, leaf)
    insert(this.#root, leaf)
  }

  /** Removes the topic's value; tells whether there was one. The memory that only it needed is freed. */
  delete(topic: string): boolean {
    const leaf = this.#leaves.get(topic)
    if (leaf === undefined) return false
    this.#leaves.delete(topic)
    remove(this.#root, leaf)
    return true
  }

  /** Every topic with its value, those that begin with `$` and that no wildcard selects included. */
  *[Symbol.iterator](): Iterator<readonly [topic: string, value: V]> {
    for (const [topic, { value }] of this.#leaves) yield [topic, value]
  }

  /**
   * Visits every topic that the filter selects, with its value; a shared filter selects what it shares. Throws
   * `invalid-argument` on an invalid filter. A visitor may change the tree: the visit is of what was there before.
   */
  matchFilter(filter: string, visit: (value: V, topic: string) => void): void {
    assertTopicFilter(filter)
    const found: Leaf<V>[] = []
    walkFilter(this.#root, filterLevels(filter), found)
    const selected = found.filter(({ selector }) => isMatch(filter, selector))
    for (const { value, selector } of selected) visit(value, selector)
  }
}
