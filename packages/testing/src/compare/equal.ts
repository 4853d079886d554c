/**
 * Whether two values are deeply equal: plain data (0 and -0 differ), bytes, maps, sets, dates, class instances, and errors with all
 * properties. A key with the value `undefined` counts as absent. An expected value with an `asymmetricMatch` method, such
 * as the matchers of Vitest, Jest and `like`, decides itself.
 */
export function isEqual(actual: unknown, expected: unknown): boolean {
  return isEqualWithin(actual, expected, new Map())
}

function isEqualWithin(a: unknown, b: unknown, visiting: Map<object, object>): boolean {
  if (Object.is(a, b)) return true
  if (isMatcher(b)) return b.asymmetricMatch(a)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  // Two cycles are equal if they refer back to the same pair.
  if (visiting.has(a)) return visiting.get(a) === b
  visiting.set(a, b)
  const result = isEqualObject(a, b, (a, b) => isEqualWithin(a, b, visiting))
  visiting.delete(a)
  return result
}

/** An asymmetric matcher, by the convention of Jest. */
export interface Matcher {
  /** Whether the actual value matches. */
  readonly asymmetricMatch: (actual: unknown) => boolean
}

function isMatcher(value: unknown): value is Matcher {
  return (
    typeof value === 'object' &&
    value !== null &&
    'asymmetricMatch' in value &&
    typeof value.asymmetricMatch === 'function'
  )
}

type EqualityCheck = (a: unknown, b: unknown) => boolean

function isEqualObject(a: object, b: object, same: EqualityCheck): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) return isEqualBytes(a, b)
  if (kindOf(a) !== kindOf(b)) return false
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]))
  if (a instanceof Map && b instanceof Map) return same([...a], [...b])
  if (a instanceof Set && b instanceof Set) return same([...a], [...b])
  const [left, right] = [partsOf(a), partsOf(b)]
  return (
    left.size === right.size && [...left].every(([key, part]) => right.has(key) && same(part, right.get(key)))
  )
}

/** Compares bytes only: a `Buffer` equals a `Uint8Array` with the same bytes. */
function isEqualBytes(a: object, b: object): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return false
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** Returns the prototype; a null prototype counts as that of plain objects. */
function kindOf(value: object): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null ? Object.prototype : prototype
}

/** Returns the properties of an object; for an error also name, message and cause, but not the stack. */
export function partsOf(value: object): ReadonlyMap<string, unknown> {
  const parts = new Map<string, unknown>(Object.entries(value))
  if (value instanceof Error) {
    parts.set('name', value.name).set('message', value.message).set('cause', value.cause)
    parts.delete('stack')
  }
  for (const [key, part] of parts) if (part === undefined) parts.delete(key)
  return parts
}
