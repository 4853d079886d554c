import { DocumentError } from './document-error.js'
import { isObject, type Json, type JsonObject } from './json.js'
import { isData } from './share-schemas.js'

const maximumParts = 20_000

/**
 * Returns a schema in which each recursive reference is replaced by its definition, once. Where the definition comes back to
 * itself, `recursion` counts the definitions in between, so that the names of definitions make no difference.
 */
export function expandRecursion({ definitions, ...schema }: JsonObject): JsonObject {
  if (!isObject(definitions)) return schema
  let count = 0
  const expand = (part: Json, open: readonly string[]): Json => {
    count += 1
    if (count > maximumParts)
      throw new DocumentError('#', `its recursive schemas must have at most ${maximumParts} parts in all`)
    if (Array.isArray(part)) return (part as readonly Json[]).map((item) => expand(item, open))
    if (!isObject(part)) return part
    const { $ref: reference } = part
    if (typeof reference === 'string') {
      const index = open.lastIndexOf(reference)
      if (index >= 0) return { recursion: open.length - index }
      const name = reference.replace('#/definitions/', '')
      return expand(definitions[name] ?? {}, [...open, reference])
    }
    return Object.fromEntries(
      Object.entries(part).map(([key, value]) => [key, isData(key) ? value : expand(value, open)]),
    )
  }
  return expand(schema, []) as JsonObject
}
