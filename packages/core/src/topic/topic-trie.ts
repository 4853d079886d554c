import { filterLevels } from './filter-levels.js'
import { walkFilter } from './filter-walk.js'
import { Branch, chainAt, chainOf, insert, remove } from './level-tree.js'
import { levelsOverlap } from './overlaps.js'
import { Route, type VisitRoute } from './route.js'
import { assertTopicFilter, selectorStart } from './topic-filter.js'
import { TopicWalk } from './topic-walk.js'

/**
 * A routing table: a set of values per filter, with look-up by topic.
 *
 * The time of a look-up depends on the levels of the topic and on the number of matches, hardly on the number of filters;
 * a filter without wildcards takes one map look-up. A shared filter `$share/<group>/<filter>` matches like `<filter>`.
 *
 * A visitor may change the table. The call does not visit values that are added meanwhile, nor those that are deleted
 * before their turn.
 */
export class TopicTrie<V> {
  readonly #root = new Branch<Route<V>>()
  readonly #exact = new Map<string, Route<V>>()
  /** Counts additions, so that a visit can skip values added after it began. */
  #clock = 0
  #size = 0

  /** The number of stored values; a value under several filters counts once per filter. */
  get size(): number {
    return this.#size
  }

  /** Adds a value and returns whether it is new under this filter. Throws `invalid-argument` on an invalid filter. */
  add(filter: string, value: V): boolean {
    const route = this.#routeOf(filter) ?? this.#createRoute(filter)
    if (!route.add(value, this.#clock + 1)) return false
    this.#clock += 1
    this.#size += 1
    return true
  }

  /** Removes a value and returns whether it was stored. Frees the memory that only this value needed. */
  delete(filter: string, value: V): boolean {
    const route = this.#routeOf(filter)
    if (route === undefined || !route.delete(value)) return false
    this.#size -= 1
    if (route.isEmpty) {
      if (!route.isWalked) this.#exact.delete(filter)
      remove(this.#root, route)
    }
    return true
  }

  /** Calls `visit` for every value whose filter matches the topic, in any order. The topic must be valid. */
  match(topic: string, visit: VisitRoute<V>): void {
    const clock = this.#clock
    const exact = this.#exact.get(topic)
    if (this.#root.walkedCount === 0) return exact?.visit(clock, visit)
    const found: Route<V>[] = exact === undefined ? [] : [exact]
    new TopicWalk(topic, found).from(this.#root)
    for (const route of found) route.visit(clock, visit)
  }

  /** Returns the values whose filters match the topic, once per matching filter. */
  matches(topic: string): V[] {
    if (this.#root.walkedCount === 0) return this.#exact.get(topic)?.values ?? []
    const values: V[] = []
    this.match(topic, (value) => values.push(value))
    return values
  }

  /** Calls `visit` for every value whose filter overlaps this one. Throws `invalid-argument` on an invalid filter. */
  overlapping(filter: string, visit: VisitRoute<V>): void {
    assertTopicFilter(filter)
    const clock = this.#clock
    const levels = filterLevels(filter)
    const found: Route<V>[] = []
    walkFilter(this.#root, levels, found)
    const heads = found.filter(({ selector }) => levelsOverlap(filterLevels(selector), levels))
    for (const route of heads.flatMap(chainOf)) route.visit(clock, visit)
  }

  #routeOf(filter: string): Route<V> | undefined {
    const exact = this.#exact.get(filter)
    if (exact !== undefined) return exact
    return chainAt(this.#root, filter.slice(selectorStart(filter))).find((route) => route.filter === filter)
  }

  #createRoute(filter: string): Route<V> {
    assertTopicFilter(filter)
    const route = new Route<V>(filter)
    if (!route.isWalked) this.#exact.set(filter, route)
    insert(this.#root, route)
    return route
  }
}
