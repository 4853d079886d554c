import type { TreeEntry } from './level-tree.js'
import { hasWildcard, selectorStart } from './topic-filter.js'

/** Called with a value and the filter it stands under. */
export type VisitRoute<V> = (value: V, filter: string) => void

/**
 * The values under one filter, each with the time of its addition.
 *
 * Most filters have a single value, and among many filters a look-up costs the memory it touches: so a single value
 * stands in the route itself, and only several get a map.
 */
export class Route<V> implements TreeEntry<Route<V>> {
  readonly filter: string
  readonly selector: string
  readonly isWalked: boolean
  next: Route<V> | undefined = undefined
  #single: V | undefined = undefined
  /** When `#single` was added; 0 while there is none. */
  #since = 0
  #several: Map<V | undefined, number> | undefined = undefined

  constructor(filter: string) {
    const start = selectorStart(filter)
    this.filter = filter
    this.selector = filter.slice(start)
    this.isWalked = start > 0 || hasWildcard(filter)
  }

  get isEmpty(): boolean {
    return this.#since === 0 && (this.#several === undefined || this.#several.size === 0)
  }

  /** Whether the value is new here. */
  add(value: V, now: number): boolean {
    if (this.isEmpty) {
      this.#single = value
      this.#since = now
      return true
    }
    if (this.#since > 0) {
      if (this.#single === value) return false
      this.#several = new Map([[this.#single, this.#since]])
      this.#clearSingle()
    }
    if (this.#several?.has(value) !== false) return false
    this.#several.set(value, now)
    return true
  }

  /** Whether the value was here. */
  delete(value: V): boolean {
    if (this.#since === 0) return this.#several?.delete(value) ?? false
    if (this.#single !== value) return false
    this.#clearSingle()
    return true
  }

  /** Visits what had been added by a time and is still here when its turn comes. */
  visit(by: number, visit: VisitRoute<V>): void {
    if (this.#several !== undefined) {
      for (const [value, since] of this.#several) if (since <= by) visit(value as V, this.filter)
    } else if (this.#since > 0 && this.#since <= by) {
      visit(this.#single as V, this.filter)
    }
  }

  #clearSingle(): void {
    this.#single = undefined
    this.#since = 0
  }
}
