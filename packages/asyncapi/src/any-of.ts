import { isObject, type JsonObject } from './json.js'

/** Returns the schema of the values that one of several schemas accepts. Definitions of equal names are the same schema. */
export function anyOf(schemas: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = schemas
  if (others.length === 0) return first
  const definitions = definitionsOf(schemas)
  return {
    anyOf: schemas.map(({ definitions: _, ...schema }) => schema),
    ...(definitions === undefined ? {} : { definitions }),
  }
}

/** Returns the definitions of schemas of one document; `undefined` if there are none. */
export function definitionsOf(schemas: readonly JsonObject[]): JsonObject | undefined {
  // Names come from the document, so that those of several payloads mean the same; the first one is as good as another.
  const all = schemas
    .map(({ definitions }) => definitions)
    .filter(isObject)
    .reverse()
  return all.length === 0 ? undefined : (Object.assign({}, ...all) as JsonObject)
}
