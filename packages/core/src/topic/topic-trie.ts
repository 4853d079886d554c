import { filterLevels } from './filter-levels.js'
import { walkFilter } from './filter-walk.js'
import { Branch, chainAt, chainOf, insert, remove } from './level-tree.js'
import { levelsOverlap } from './overlaps.js'
import { Route, type VisitRoute } from './route.js'
import { assertTopicFilter, selectorStart } from './topic-filter.js'
import { TopicWalk } from './topic-walk.js'

/**
 * A routing table: any number of values under each of any number of filters, asked by topic.
 *
 * Finding takes time for the levels of the topic and for what is found, hardly for what is stored; a filter without
 * wildcards is found by one look-up. A shared filter, `$share/<group>/<filter>`, matches as what it shares. The values
 * of a filter are a set.
 *
 * A visitor may change the table: what it adds is not visited by that call, what it deletes before its turn neither.
 */
export class TopicTrie<V> {
  readonly #root = new Branch<Route<V>>()
  readonly #exact = new Map<string, Route<V>>()
  /** Counts the additions, so that a visit can tell what came after it began. */
  #clock = 0
  #size = 0

  /** How many values are stored, each counted once per filter. */
  get size(): number {
    return this.#size
  }

  /** Stores a value; tells whether it is new under this filter. Throws `invalid-argument` on an invalid filter. */
  add(filter: string, value: V): boolean {
    const route = this.#find(filter) ?? this.#open(filter)
    if (!route.add(value, this.#clock + 1)) return false
    this.#clock += 1
    this.#size += 1
    return true
  }

  /** Removes a value; tells whether it was there. The memory that only it needed is freed. */
  delete(filter: string, value: V): boolean {
    const route = this.#find(filter)
    if (route === undefined || !route.delete(value)) return false
    this.#size -= 1
    if (route.isEmpty) {
      if (!route.isWalked) this.#exact.delete(filter)
      remove(this.#root, route)
    }
    return true
  }

  /** Visits every value whose filter selects the topic, in no promised order. The topic is taken for valid. */
  match(topic: string, visit: VisitRoute<V>): void {
    const by = this.#clock
    const exact = this.#exact.get(topic)
    if (this.#root.walked === 0) return exact?.visit(by, visit)
    const found: Route<V>[] = exact === undefined ? [] : [exact]
    new TopicWalk(topic, found).from(this.#root)
    for (const route of found) route.visit(by, visit)
  }

  /** The values whose filters select the topic; a value under several of them comes as often. */
  matches(topic: string): V[] {
    const values: V[] = []
    this.match(topic, (value) => values.push(value))
    return values
  }

  /** Visits every value whose filter has a topic in common with this one. Throws `invalid-argument` as `add` does. */
  overlapping(filter: string, visit: VisitRoute<V>): void {
    assertTopicFilter(filter)
    const by = this.#clock
    const levels = filterLevels(filter)
    const found: Route<V>[] = []
    walkFilter(this.#root, levels, found)
    const heads = found.filter(({ selector }) => levelsOverlap(filterLevels(selector), levels))
    for (const route of heads.flatMap(chainOf)) route.visit(by, visit)
  }

  #find(filter: string): Route<V> | undefined {
    const exact = this.#exact.get(filter)
    if (exact !== undefined) return exact
    return chainAt(this.#root, filter.slice(selectorStart(filter))).find((route) => route.filter === filter)
  }

  #open(filter: string): Route<V> {
    assertTopicFilter(filter)
    const route = new Route<V>(filter)
    if (!route.isWalked) this.#exact.set(filter, route)
    insert(this.#root, route)
    return route
  }
}
