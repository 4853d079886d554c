import { isEqual, partsOf, type Matcher } from './equal.js'

/**
 * Stands for every object that has at least these parts; parts may be `like` others in turn.
 *
 * @example
 * ```ts
 * expectObservable(records$).toBe('--a', { a: like({ outcome: 'responded' }) })
 * ```
 */
export function like(parts: object): Matcher {
  return new Like(parts)
}

/** A class, so that a failed comparison shows what was asked for. */
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
