import { isEqual, partsOf, type Matcher } from './equal.js'

/**
 * Returns a matcher for every object with at least these properties. Properties may be matchers.
 *
 * @example
 * ```ts
 * expectObservable(records$).toBe('--a', { a: like({ outcome: 'responded' }) })
 * ```
 */
export function like(parts: object): Matcher {
  return new Like(parts)
}

/** A class, so that the output of a failed comparison contains the expected properties. */
class Like implements Matcher {
  readonly like: object

  constructor(parts: object) {
    this.like = parts
  }

  asymmetricMatch(actual: unknown): boolean {
    if (typeof actual !== 'object' || actual === null) return false
    const present = partsOf(actual)
    return [...partsOf(this.like)].every(([key, part]) => isEqual(present.get(key), part))
  }
}
