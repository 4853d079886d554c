/**
 * Returns a function that creates a value on its first call with a key and returns the same value on later calls. The
 * value is garbage collected with its key.
 */
export function oncePer<K extends object, A extends object>(create: (key: K) => A): (key: K) => A {
  const values = new WeakMap<K, A>()
  return (key) => {
    const existing = values.get(key)
    if (existing !== undefined) return existing
    const value = create(key)
    values.set(key, value)
    return value
  }
}
