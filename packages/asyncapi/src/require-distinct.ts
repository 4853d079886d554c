import type { Endpoint } from '@antiphon/core'

/** Throws the error that `toError` returns if a responder could not tell two endpoints apart by their topics. */
export function requireDistinct(
  endpoints: readonly (readonly [name: string, Endpoint])[],
  toError: (name: string, rule: string) => Error,
): void {
  const filters = new Map<string, string>()
  for (const [name, { topic }] of endpoints) {
    const filter = topic.filter({})
    const other = filters.get(filter)
    if (other !== undefined) {
      throw toError(
        name,
        `its requests cannot be distinguished from those of ${other}: both have the topics ${filter}`,
      )
    }
    filters.set(filter, name)
  }
}
