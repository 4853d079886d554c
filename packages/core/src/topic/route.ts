import type { TreeEntry } from './level-tree.js'
import { hasWildcard, selectorStart } from './topic-filter.js'

/** Called with a value and the filter it is stored under. */
export type VisitRoute<V> = (value: V, filter: string) => void

/**
 * The values of one filter, each with the time of its addition.
 *
 * Most filters have one value. It is stored in the route itself, and a map is created only for several, so that a look-up
 * touches little memory.
 */
export class Route<V> implements TreeEntry<Route<V>> {
  readonly filter: string
  readonly selector: string
  readonly isWalked: boolean
  next: Route<V> | undefined = undefined
  #value: V | undefined = undefined
  /** The time at which `#value` was added; 0 if there is no `#value`. */
  #addedAt = 0
  #values: Map<V | undefined, number> | undefined = undefined

  constructor(filter: string) {
    const start = selectorStart(filter)
    this.filter = filter
    this.selector = filter.slice(start)
    this.isWalked = start > 0 || hasWildcard(filter)
  }

  get isEmpty(): boolean {
    return this.#addedAt === 0 && (this.#values === undefined || this.#values.size === 0)
  }

  /** The values, in a new array. */
  get values(): V[] {
    if (this.#values !== undefined) return [...this.#values.keys()] as V[]
    // A literal: `push` to an empty array would allocate room for seventeen elements, see decision 0009.
    return this.#addedAt > 0 ? [this.#value as V] : []
  }

  /** Adds a value and returns whether it is new. */
  add(value: V, now: number): boolean {
    if (this.isEmpty) {
      this.#value = value
      this.#addedAt = now
      return true
    }
    if (this.#addedAt > 0) {
      if (this.#value === value) return false
      this.#values = new Map([[this.#value, this.#addedAt]])
      this.#clearValue()
    }
    if (this.#values?.has(value) !== false) return false
    this.#values.set(value, now)
    return true
  }

  /** Removes a value and returns whether it was stored. */
  delete(value: V): boolean {
    if (this.#addedAt === 0) return this.#values?.delete(value) ?? false
    if (this.#value !== value) return false
    this.#clearValue()
    return true
  }

  /** Visits the values added up to a time, except those that a visitor removes first. */
  visit(clock: number, visit: VisitRoute<V>): void {
    if (this.#values !== undefined) {
      for (const [value, addedAt] of this.#values) if (addedAt <= clock) visit(value as V, this.filter)
    } else if (this.#addedAt > 0 && this.#addedAt <= clock) {
      visit(this.#value as V, this.filter)
    }
  }

  #clearValue(): void {
    this.#value = undefined
    this.#addedAt = 0
  }
}
