import type { Link } from './link.js'

/**
 * Returns a function that creates a value on its first call with a link and returns the same value on later calls. The
 * value is garbage collected with its link.
 */
export function perLink<A>(create: (link: Link) => A): (link: Link) => A {
  const values = new WeakMap<Link, { readonly value: A }>()
  return (link) => {
    const existing = values.get(link)
    if (existing !== undefined) return existing.value
    const value = create(link)
    values.set(link, { value })
    return value
  }
}
