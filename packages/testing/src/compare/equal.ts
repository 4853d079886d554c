/**
 * Whether two values are the same in every part that can be seen: plain data, bytes, maps, sets, dates, class
 * instances, and errors with all they carry. A key that is `undefined` is a key that is not there. An expected value
 * with an `asymmetricMatch` method decides for itself, as those of Vitest, Jest and `like` do.
 */
export function isEqual(actual: unknown, expected: unknown): boolean {
  return isEqualWithin(actual, expected, new Map())
}

function isEqualWithin(one: unknown, other: unknown, underWay: Map<object, object>): boolean {
  if (one === other || Object.is(one, other)) return true
  if (isMatcher(other)) return other.asymmetricMatch(one)
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  // A cycle is equal when it closes at the same place.
  if (underWay.has(one)) return underWay.get(one) === other
  underWay.set(one, other)
  const verdict = isEqualObject(one, other, (a, b) => isEqualWithin(a, b, underWay))
  underWay.delete(one)
  return verdict
}

/** A value that stands for many: the convention of Jest, which others follow. */
export interface Matcher {
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

type Same = (one: unknown, other: unknown) => boolean

function isEqualObject(one: object, other: object, same: Same): boolean {
  if (one instanceof Uint8Array || other instanceof Uint8Array) return isEqualBytes(one, other)
  if (kindOf(one) !== kindOf(other)) return false
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => same(item, other[index]))
  if (one instanceof Map && other instanceof Map) return same([...one], [...other])
  if (one instanceof Set && other instanceof Set) return same([...one], [...other])
  const [left, right] = [partsOf(one), partsOf(other)]
  return (
    left.size === right.size && [...left].every(([key, part]) => right.has(key) && same(part, right.get(key)))
  )
}

/** A Buffer and a plain Uint8Array of the same bytes are the same payload. */
function isEqualBytes(one: object, other: object): boolean {
  if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return false
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** What sets objects apart before their parts are looked at; a null prototype counts as plain. */
function kindOf(value: object): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null ? Object.prototype : prototype
}

/** The parts that make an object what it is; of an error also what is not enumerable, but not where it was made. */
export function partsOf(value: object): ReadonlyMap<string, unknown> {
  const parts = new Map<string, unknown>(Object.entries(value))
  if (value instanceof Error) {
    parts.set('name', value.name).set('message', value.message).set('cause', value.cause)
    parts.delete('stack')
  }
  for (const [key, part] of parts) if (part === undefined) parts.delete(key)
  return parts
}
